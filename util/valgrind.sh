#!/usr/bin/env bash
#
# An nginx with the module under memcheck: an app, the module in front of it,
# reads and a write.  One process, so that everything is seen.
#
#   util/valgrind.sh

set -eu

cd "$(dirname "$0")/.."
top=$PWD
dir=$top/build/valgrind
nginx=${HC_NGINX:-nginx}
pid=


finish() {
    if [ -n "$pid" ]; then
        kill -QUIT "$pid" 2>/dev/null || :
        wait "$pid" || :
    fi
}


free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}


write_conf() {
    cat > "$dir/nginx.conf" <<END
load_module $top/build/ngx_http_hc_module.so;
daemon off;
master_process off;
pid logs/nginx.pid;
error_log logs/error.log info;
events { }
http {
    access_log off;
    client_body_temp_path temp/body;
    proxy_temp_path temp/proxy;
    fastcgi_temp_path temp/fastcgi;
    uwsgi_temp_path temp/uwsgi;
    scgi_temp_path temp/scgi;

    hc_zone zone=pages:4m;

    server {
        listen 127.0.0.1:$1;
        add_header X-Cache-Status \$hc_cache_status;

        location /app/ {
            add_header Cache-Control max-age=60;
            return 200 "answer to \$request_uri\n";
        }

        location / {
            hc_cache pages;
            hc_static $dir/static;
            proxy_pass http://127.0.0.1:$1/app/;
        }

        location = /down {
            hc_cache pages;
            hc_static $dir/static;
            proxy_pass http://127.0.0.1:9;
        }

        location = /status { hc_status; }
    }
}
END
}


# expect <text> <curl arguments>...

expect() {
    local text=$1

    shift
    if ! curl -s -i -m 30 "$@" | grep -q "$text"; then
        echo "valgrind: expected $text of: curl $*" >&2
        return 1
    fi
}


main() {
    local port base i rc=0

    rm -rf "$dir"
    mkdir -p "$dir/logs" "$dir/temp" "$dir/static"
    echo '{"from": "a file"}' > "$dir/static/down.json"

    port=$(free_port)
    base=http://127.0.0.1:$port
    write_conf "$port"

    trap finish EXIT
    valgrind -q --error-exitcode=99 --log-file="$dir/valgrind.log" \
        "$nginx" -p "$dir/" -c "$dir/nginx.conf" -e logs/error.log &
    pid=$!

    for i in $(seq 200); do
        curl -s -o /dev/null "$base/status" && break
        kill -0 "$pid" || break
        sleep 0.1
    done

    expect 'X-Cache-Status: MISS' "$base/a" || rc=1
    expect 'X-Cache-Status: HIT' "$base/a" || rc=1
    expect 'X-Cache-Status: HIT' -H 'Range: bytes=0-3' "$base/a" || rc=1
    expect '200' -I "$base/a" || rc=1
    curl -s -m 30 -o /dev/null -X PUT -d x "$base/a" || rc=1
    expect 'X-Cache-Status: MISS' "$base/a" || rc=1
    expect 'from.*a file' "$base/down" || rc=1
    expect 'hits' "$base/status" || rc=1

    kill -QUIT "$pid"
    wait "$pid" || rc=$?
    pid=

    if [ -s "$dir/valgrind.log" ] || [ "$rc" -ne 0 ]; then
        cat "$dir/valgrind.log" >&2
        echo "valgrind: failed ($rc)" >&2
        return 1
    fi

    echo "valgrind: nginx ran clean"
}


main "$@"
