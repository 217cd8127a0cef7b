#!/usr/bin/env bash
# Is this the bridge, does it run, and does it turn forgeries away? Ends with 0 only then.
#
#   bash examples/deploy/smoke.sh https://FUNCTION-URL [paper|validate|live]   # the mode counts where HEALTH_DETAILS=true
#
# Sends nothing that could become an order: the alert below carries a made-up token.
set -euo pipefail

url=${1:?the URL of the function}
url=${url%/}
mode=${2:-}
alert='{"token":"smoke-test-forged-token-000","symbol":"BTC/USD","side":"buy","order_type":"market","volume":"0.0001"}'

fail() {
  echo "smoke: $*" >&2
  exit 1
}

# Prints the status; 000 without an answer.
status() {
  curl --silent --output /dev/null --write-out '%{http_code}' --max-time 20 "$@" || true
}

refused() {
  local what=$1 found
  shift
  found=$(status "$@")
  [ "$found" = 401 ] || fail "$what got $found in place of 401. STOP: take the public binding away until you know why"
  echo "smoke: $what is turned away"
}

found=000
for _ in 1 2 3 4 5 6; do
  found=$(status "$url/webhook/health")
  case $found in 000 | 5??) sleep "${SMOKE_PAUSE:-5}" ;; *) break ;; esac
done
[ "$found" != 403 ] || fail "the function is private; give it the public binding, once, by hand (README.md)"
[ "$found" = 200 ] || fail "health answers $found"

health=$(curl --silent --show-error --max-time 20 "$url/webhook/health" | tr -d ' \n')
case $health in *'"status":"ok"'*) ;; *) fail "health says $health" ;; esac
case $health in *'"environment":"production"'*) ;; *) fail "this is no production environment: $health" ;; esac
case $health in
  *"\"mode\":\"$mode"*) ;;
  *'"mode":'*) fail "the mode is not $mode: $health" ;;
  *) echo "smoke: health keeps the mode to itself; HEALTH_DETAILS=true would have it compared" ;;
esac
echo "smoke: health says $health"

refused 'an alert with a forged token' --data "$alert" --header 'Content-Type: application/json' "$url/webhook/tradingview"
refused 'an alert with a forged signature' --data "$alert" --header 'Content-Type: application/json' \
  --header "X-Signature: $(printf '0%.0s' {1..64})" "$url/webhook/tradingview"
refused 'an alert without any proof' --data '{"symbol":"BTC/USD","side":"buy","volume":"0.0001"}' \
  --header 'Content-Type: application/json' "$url/"
