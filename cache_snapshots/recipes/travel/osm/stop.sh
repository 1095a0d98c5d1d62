#!/usr/bin/env bash
# Stops what start.sh started, by its process ids, and nothing else: stop.sh DATA_FOLDER
set -euo pipefail
. "$(dirname "$0")/common.sh"

end nominatim
end valhalla
stop_postgres
