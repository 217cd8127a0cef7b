#!/usr/bin/env bash
# Has Cloud Monitoring write to you about what needs a person. Run it again after any of these has changed.
#
#   PROJECT_ID=my-project CHANNEL=projects/my-project/notificationChannels/123 HOURS=23 bash examples/deploy/alerts.sh
#
# HOURS: without an alert for that long you are told, 1 to 23 (Monitoring looks back 23.5 hours at most); rare strategies
# want none of it: HOURS=0. The policies stand in policies/, the words in capitals in them are filled in here.
set -euo pipefail

: "${PROJECT_ID:?the id of the project}" "${CHANNEL:?the notification channel, projects/P/notificationChannels/N}"
FUNCTION=${FUNCTION:-tradingview-bridge}
HOURS=${HOURS:-23}
case $HOURS in
  [0-9] | 1[0-9] | 2[0-3]) ;;
  *)
    echo "HOURS is a whole number from 0 to 23" >&2
    exit 1
    ;;
esac
ours="resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"$FUNCTION\""

# metric NAME DESCRIPTION FILTER: counts the log entries that match.
metric() {
  local verb=create
  if gcloud logging metrics describe "$FUNCTION-$1" --project="$PROJECT_ID" >/dev/null 2>&1; then
    verb=update
  fi
  gcloud logging metrics "$verb" "$FUNCTION-$1" --project="$PROJECT_ID" --description="$2" --log-filter="$ours AND $3"
}

# policy NAME: creates the policy of that file, or puts it in the place of the one that we made before.
policy() {
  local text found
  text=$(sed -e "s|FUNCTION|$FUNCTION|g" -e "s|CHANNEL|$CHANNEL|g" -e "s|HOURS|$HOURS|g" \
    -e "s|SECONDS|$((HOURS * 3600))|g" "${BASH_SOURCE[0]%/*}/policies/$1.json")
  found=$(gcloud monitoring policies list --project="$PROJECT_ID" --format='value(name)' \
    --filter="user_labels.function=\"$FUNCTION\" AND user_labels.watches=\"$1\"")
  if [ -n "$found" ]; then
    gcloud monitoring policies update "${found%%$'\n'*}" --project="$PROJECT_ID" --policy="$text"
  else
    gcloud monitoring policies create --project="$PROJECT_ID" --policy="$text"
  fi
}

metric alerts 'Alerts that were read, whatever came of them' 'jsonPayload.message="alert.done" AND jsonPayload.alert_id:*'
metric slow-alerts 'Alerts answered after more than 2.5 s' 'jsonPayload.message="alert.done" AND jsonPayload.ms>2500'
metric failed-proofs 'Requests without a valid proof' 'jsonPayload.message=("request.unauthenticated" OR "request.rate_limited")'
metric rejected-orders 'Orders that Kraken refused' 'jsonPayload.message="order.rejected"'
metric failed-alerts 'Alerts answered 5xx before anything was sent' 'jsonPayload.message="alert.done" AND jsonPayload.outcome="failed"'

# An order whose outcome is in doubt is watched in the log itself: at once, and with the order's id in the message.
policy unknown-outcomes
policy rejected-orders
policy failed-alerts
policy failed-proofs
policy slow-alerts
if [ "$HOURS" != 0 ]; then
  policy no-alerts
fi
