#!/usr/bin/env bash
# osm2pgsql for Nominatim (NOMINATIM_OSM2PGSQL_BINARY), with its rows laid down in one order.
#
# An object with two main tags (a tea shop that is a cafe) becomes two rows, in an order that osm2pgsql's Lua leaves
# to chance. Nominatim numbers places in the order of the rows, and answers ties by number.
set -euo pipefail

osm2pgsql "$@"
case " $* " in *" --create "*) ;; *) exit 0 ;; esac
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 \
  --command 'CREATE INDEX in_order ON place (osm_type, osm_id, class, type)' \
  --command 'CLUSTER place USING in_order' \
  --command 'DROP INDEX in_order'
