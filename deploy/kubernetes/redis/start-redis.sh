#!/bin/sh
# Starts the Redis of this pod as the primary or as a replica, whichever the Sentinels say; until one of them answers it waits.
set -eu
umask 077
me=$HOSTNAME.redis
password=$(cat /run/secrets/redis/redis-password)
export REDISCLI_AUTH="$password"

primary() { # whom the Sentinels call the primary; nothing while none answers
    for number in 0 1 2; do
        said=$(timeout 3 redis-cli -h "redis-sentinel-$number.redis-sentinel" -p 26379 --raw SENTINEL get-master-addr-by-name primary 2>/dev/null |
            head -1) || continue
        case $said in redis-*) echo "$said" && return ;; esac
    done
}

others_have_data() {
    for number in 0 1 2; do
        [ "redis-$number.redis" != "$me" ] || continue
        case $(timeout 3 redis-cli -h "redis-$number.redis" --raw DBSIZE 2>/dev/null) in [1-9]*) return 0 ;; esac
    done
    return 1
}

while :; do
    at=$(primary)
    # A primary that comes back with an empty volume would have its replicas forget everything: while it does not start, the
    # Sentinels make one of those the primary.
    if [ "$at" = "$me" ] && [ ! -e /data/appendonlydir ] && others_have_data; then
        echo "this volume is empty and other servers are not: waiting until the Sentinels choose another primary" >&2
    elif [ -n "$at" ]; then
        break
    else
        echo "no Sentinel says who the primary is: waiting for one" >&2
    fi
    sleep 2
done
{
    cat /etc/redis/redis.conf
    echo "requirepass $password"
    echo "masterauth $password"
    echo "replica-announce-ip $me"
    [ "$at" = "$me" ] || echo "replicaof $at 6379"
} >/tmp/redis.conf
unset REDISCLI_AUTH
exec redis-server /tmp/redis.conf "$@"
