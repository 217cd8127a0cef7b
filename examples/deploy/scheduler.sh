#!/usr/bin/env bash
# Has Cloud Scheduler call POST /reconcile every minute. Run it again after the operator token or the URL has changed.
#
#   PROJECT_ID=my-project REGION=europe-west1 bash examples/deploy/scheduler.sh
#
# URL names another way in, such as a load balancer: URL=https://bridge.example.com.
#
# The operator token comes from Secret Manager and goes to gcloud through a pipe: it is in no argument, file or shell
# history. The job keeps it: whoever may read this project's scheduler jobs can read it there.
set -euo pipefail

: "${PROJECT_ID:?the id of the project}" "${REGION:?the region of the function}"
FUNCTION=${FUNCTION:-tradingview-bridge}
JOB=${JOB:-$FUNCTION-reconcile}

url=${URL:-$(gcloud functions describe "$FUNCTION" --project="$PROJECT_ID" --region="$REGION" --format='value(serviceConfig.uri)')}
token=$(gcloud secrets versions access "${TOKEN_VERSION:-latest}" --project="$PROJECT_ID" --secret=operator-token)
case $token in
  '' | *[!A-Za-z0-9._~+/=-]*)
    echo "operator-token must hold one token of letters, digits and ._~+/=-; make one with: openssl rand -hex 32" >&2
    exit 1
    ;;
esac

if gcloud scheduler jobs describe "$JOB" --project="$PROJECT_ID" --location="$REGION" >/dev/null 2>&1; then
  verb=update headers=--update-headers
else
  verb=create headers=--headers
fi
# A run that fails is not repeated: the next one comes within the minute.
gcloud scheduler jobs "$verb" http "$JOB" --project="$PROJECT_ID" --location="$REGION" \
  --schedule='* * * * *' --time-zone=Etc/UTC --uri="$url/reconcile" --http-method=post --attempt-deadline=30s \
  --flags-file=<(printf '%s:\n  Authorization: "Bearer %s"\n' "$headers" "$token")
