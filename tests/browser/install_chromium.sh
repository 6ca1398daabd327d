#!/bin/sh
# Makes sure that a Chromium is there for the browser tests: found, or installed from Debian when
# that is allowed. Without one the tests say that they skip (with CI=true they fail).
for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the browser tests ..."
    apt-get update -qq >/dev/null 2>&1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        chromium fonts-liberation >/dev/null 2>&1 && exit 0
fi
echo "No Chromium: the browser tests will be skipped (set CHROMIUM to its path)."
