# Shared by setup.sh, start.sh and stop.sh: the layout of the data folder, PostgreSQL, and processes by pid.
# Source it with the data folder in $1.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

say() { printf 'osm: %s\n' "$*"; }
die() { printf 'osm: %s\n' "$*" >&2; exit 1; }

[ -n "${1:-}" ] || die "usage: $0 DATA_FOLDER ${usage:-}"
mkdir -p "$1"
data=$(cd "$1" && pwd)
venv=$data/venv            # Nominatim
valhalla=$data/valhalla    # Valhalla's binaries, its configuration and its tiles
project=$data/nominatim    # Nominatim's project folder
cluster=$data/postgres     # the database cluster
socket=$data/socket        # PostgreSQL listens here and on no port
logs=$data/log
map=$data/Helsinki.osm.pbf
mkdir -p "$logs"

# the path of a Unix socket may have 107 characters
[ "${#socket}" -le 85 ] || die "$data: the path is too long for a Unix socket; give a shorter folder"

# PostgreSQL refuses to run as root; anyone else runs it as himself
if [ "$(id -u)" -eq 0 ]; then owner=postgres; else owner=$(id -un); fi
as_owner() { if [ "$(id -u)" -eq 0 ]; then (cd / && runuser -u "$owner" -- "$@"); else "$@"; fi; }

pg_bin() { find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1; }
pg_ctl() { as_owner "$(pg_bin)/pg_ctl" --pgdata "$cluster" --silent "$@"; }

export NOMINATIM_DATABASE_DSN="pgsql:dbname=nominatim;host=$socket;user=$owner"
export PGTZ=UTC

start_postgres() {
  pg_ctl status > /dev/null && return
  pg_ctl --wait --timeout 60 --log "$cluster/server.log" start > /dev/null ||
    die "PostgreSQL did not start; see $cluster/server.log"
}

stop_postgres() {
  if [ -d "$cluster" ] && pg_ctl status > /dev/null; then
    pg_ctl --wait --mode fast stop > /dev/null || die "PostgreSQL did not stop; see $cluster/server.log"
    say "PostgreSQL stopped"
  fi
}

# Whether the process that NAME.pid names runs, and is still the one that was started.
running() {
  local file=$data/$1.pid pid born
  [ -f "$file" ] || return 1
  read -r pid born < "$file"
  [ -r "/proc/$pid/stat" ] && [ "$(birth "$pid")" = "$born" ]
}

birth() { sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20; }  # in clock ticks since the boot

# spawn NAME PORT COMMAND...: start in the background, remember pid and birth
spawn() {
  local name=$1 port=$2; shift 2
  running "$name" && { say "$name runs already"; return; }
  (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null && die "$name: port $port is taken; give another"
  setsid nohup "$@" < /dev/null > "$logs/$name.log" 2>&1 &
  echo "$! $(birth $!)" > "$data/$name.pid"
}

# end NAME: stop what spawn started, by its pid
end() {
  local pid born
  if running "$1"; then
    read -r pid born < "$data/$1.pid"
    kill -TERM "$pid"
    for _ in $(seq 50); do running "$1" || break; sleep 0.1; done
    running "$1" && kill -KILL "$pid"
    say "$1 stopped (pid $pid)"
  fi
  rm -f "$data/$1.pid"
}

# await NAME URL WORD: wait until the URL answers with WORD in it, at most a minute
await() {
  for _ in $(seq 120); do
    if curl --silent --fail --noproxy '*' --max-time 5 "$2" 2> /dev/null | grep -q "$3"; then
      say "$1 answers at ${2%%/status*}"
      return
    fi
    running "$1" || die "$1 ended before it answered; see $logs/$1.log"
    sleep 0.5
  done
  die "$1 did not answer within a minute; see $logs/$1.log"
}
