#!/bin/sh
# Starts the Sentinel of this pod with what it knew when it stopped, and with the password of today.
set -eu
umask 077
password=$(cat /run/secrets/redis/redis-password)
known=/data/sentinel.conf
[ -s "$known" ] || cat /etc/redis/sentinel.conf >"$known"
{
    grep -v -e '^requirepass ' -e '^user ' -e '^sentinel auth-pass ' -e '^sentinel announce-ip ' "$known"
    echo "sentinel announce-ip \"$HOSTNAME.redis-sentinel\""
    echo "sentinel auth-pass primary $password"
    echo "requirepass $password"
} >"$known.new"
mv "$known.new" "$known"
exec redis-server "$known" --sentinel "$@"
