#!/usr/bin/env bash
# Brings the composed stack up from nothing, has a job done in it, and takes it down again.
# Needs a Docker engine with compose v2. Where no image registry answers, name an S3 image of your own in MILLRACE_OBJECT_STORE_IMAGE.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

export COMPOSE_PROJECT_NAME=millrace-smoke MILLRACE_PORT=${MILLRACE_PORT:-18080}
# The job below calls the API by its name inside the stack's own network.
export MILLRACE_ALLOW_PRIVATE_NETWORKS=10.0.0.0/8,172.16.0.0/12,192.168.0.0/16
url=http://127.0.0.1:$MILLRACE_PORT

finish() {
  local code=$?
  [ "$code" = 0 ] || docker compose logs --tail 50 >&2 || true
  docker compose down --volumes --timeout 30 >&2
  exit "$code"
}
trap finish EXIT

docker compose up --build --detach --wait
docker compose exec -T api node -e 'if (process.getuid() === 0) process.exit(1)'
key=$(docker compose exec -T api node dist/create-key.js --name smoke)

call() { curl --silent --show-error --fail-with-body --max-time 30 --header "Authorization: Bearer $key" --header 'Content-Type: application/json' "$@"; }
call "$url/v1/ready" >&2
id=$(call "$url/v1/jobs" --data '{"type":"http.request","payload":{"url":"http://api:8080/v1/health"}}' | sed -E 's/^\{"id":"([^"]+)".*/\1/')
job=$(call "$url/v1/jobs/$id/wait?timeoutMs=20000")
case $job in
  *'"status":"completed"'*) echo "the job $id is completed" ;;
  *) echo "the job is not completed: $job" >&2 && exit 1 ;;
esac

# The migrator can run again, a restart keeps the data, and both processes stop in good order.
docker compose run --rm migrator up >&2
docker compose restart api worker >&2
docker compose up --detach --wait >&2
call "$url/v1/jobs/$id" >/dev/null
docker compose stop --timeout 30 api worker >&2
for service in api worker; do
  code=$(docker inspect --format '{{.State.ExitCode}}' "$(docker compose ps --all --quiet "$service")")
  [ "$code" = 0 ] || { echo "$service exited with $code" >&2 && exit 1; }
done
echo "the stack works: up, a job done, migrated twice, restarted, stopped in good order"
