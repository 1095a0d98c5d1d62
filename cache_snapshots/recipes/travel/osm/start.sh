#!/usr/bin/env bash
# Starts both servers on the loopback and waits until they answer:
#   start.sh DATA_FOLDER [NOMINATIM_PORT] [VALHALLA_PORT]
set -euo pipefail
usage="[NOMINATIM_PORT] [VALHALLA_PORT]"
. "$(dirname "$0")/common.sh"

nominatim_port=${2:-8088}
valhalla_port=${3:-8002}
[ -f "$data/.import" ] && [ -f "$data/.tiles" ] || die "$data is not set up: run $here/setup.sh $data"

start_postgres
NOMINATIM_API_POOL_SIZE=2 spawn nominatim "$nominatim_port" "$venv/bin/nominatim" serve --project-dir "$project" \
  --server "127.0.0.1:$nominatim_port"

# Valhalla's inner sockets go into the data folder; its defaults lie in /tmp under fixed names
python3 "$valhalla/valhalla/valhalla_build_config.py" --mjolnir-tile-dir "$valhalla/tiles" \
  --httpd-service-listen "tcp://127.0.0.1:$valhalla_port" \
  --httpd-service-loopback "ipc://$socket/valhalla.loopback" \
  --httpd-service-interrupt "ipc://$socket/valhalla.interrupt" \
  --loki-service-proxy "ipc://$socket/valhalla.loki" \
  --thor-service-proxy "ipc://$socket/valhalla.thor" \
  --odin-service-proxy "ipc://$socket/valhalla.odin" \
  --httpd-service-drain-seconds 1 --httpd-service-shutdown-seconds 1 > "$valhalla/serve.json"
spawn valhalla "$valhalla_port" "$valhalla/valhalla/bin/valhalla_service" "$valhalla/serve.json" 1

await nominatim "http://127.0.0.1:$nominatim_port/status?format=json" '"status":0'
await valhalla "http://127.0.0.1:$valhalla_port/status" '"version"'
