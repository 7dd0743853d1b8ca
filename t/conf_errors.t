# A configuration that cannot be meant stops nginx, with one line that says
# what is allowed and where.
#
#     --- emerg
#     what the line says, a Perl regex
#
# asserts that nginx does not start, and that this is its only [emerg] line and
# ends in file and line.

use HC;

add_block_preprocessor(sub {
    my ($block) = @_;

    defined $block->emerg or return;

    chomp(my $says = $block->emerg);

    $block->set_value('must_die', '');
    $block->set_value('suppress_stderr', '');
    $block->set_value('error_log',
                      [qr/\[emerg\] .*$says in \S+nginx\.conf:\d+$/]);
    $block->set_value('grep_error_log', qr/\[emerg\]/);
    $block->set_value('grep_error_log_out', "[emerg]\n");
    $block->set_value('config', 'location = /x { }')
        if !defined $block->config;
});

plan('no_plan');
run_tests();

__DATA__

=== hc_cache names a zone that is not defined
--- config
    location = /x { hc_cache nowhere; }
--- emerg
hc_cache names zone "nowhere", which no hc_zone defines


=== hc_cache_l2 names a store that is not defined
--- http_config
    hc_zone zone=pages:1m;
--- config
    location = /x { hc_cache pages; hc_cache_l2 nowhere; }
--- emerg
hc_cache_l2 names "nowhere", which no hc_l2 defines


=== a zone of size 0
--- http_config
    hc_zone zone=pages:0;
--- emerg
"hc_zone" directive is too small, 1m is the least


=== a zone below 1m
--- http_config
    hc_zone zone=pages:1023k;
--- emerg
"hc_zone" directive is too small, 1m is the least


=== a zone whose size is no size
--- http_config
    hc_zone zone=pages:much;
--- emerg
"hc_zone" directive has an invalid size, expects one as in zone=pages:256m


=== a zone of negative size
--- http_config
    hc_zone zone=pages:-1m;
--- emerg
"hc_zone" directive has an invalid size, expects one as in zone=pages:256m


=== a zone whose size is too large for a number
--- http_config
    hc_zone zone=pages:99999999999999999999m;
--- emerg
"hc_zone" directive has an invalid size, expects one as in zone=pages:256m


=== a zone larger than can be addressed
--- http_config
    hc_zone zone=pages:64000m;
--- emerg
"hc_zone" directive is too large, \S+ is the most


=== a zone without a size
--- http_config
    hc_zone zone=pages;
--- emerg
"hc_zone" directive expects "zone=name:size", as in zone=pages:256m


=== a zone with an empty size
--- http_config
    hc_zone zone=pages:;
--- emerg
"hc_zone" directive has an invalid size, expects one as in zone=pages:256m


=== a zone without a name
--- http_config
    hc_zone zone=:1m;
--- emerg
"hc_zone" directive expects "zone=name:size", as in zone=pages:256m


=== hc_zone in another module's words
--- http_config
    hc_zone keys_zone=pages:1m;
--- emerg
"hc_zone" directive expects "zone=name:size \[max_object=size\] .*"


=== hc_zone without a value
--- http_config
    hc_zone;
--- emerg
invalid number of arguments in "hc_zone" directive


=== a zone that is defined twice
--- http_config
    hc_zone zone=pages:1m;
    hc_zone zone=pages:2m;
--- emerg
hc_zone "pages" is already defined


=== a zone that has the name of another module's
--- http_config
    limit_req_zone $binary_remote_addr zone=pages:1m rate=1r/s;
    hc_zone zone=pages:1m;
--- emerg
the shared memory zone "pages" is already declared for a different use


=== a zone that is called off could never be used
--- http_config
    hc_zone zone=off:1m;
--- emerg
"hc_zone" directive .*"off".*


=== max_object above an eighth of the zone
--- http_config
    hc_zone zone=pages:1m max_object=200k;
--- emerg
hc_zone "pages" has a max_object above an eighth of the zone: 1600k is the least size for it


=== max_object of 0
--- http_config
    hc_zone zone=pages:1m max_object=0;
--- emerg
"hc_zone" directive expects max_object as a size above 0, as in max_object=1m


=== max_object that is no size
--- http_config
    hc_zone zone=pages:1m max_object=big;
--- emerg
"hc_zone" directive expects max_object as a size above 0, as in max_object=1m


=== max_object that is empty
--- http_config
    hc_zone zone=pages:1m max_object=;
--- emerg
"hc_zone" directive expects max_object as a size above 0, as in max_object=1m


=== an unknown word behind a zone
--- http_config
    hc_zone zone=pages:1m inactive=10m;
--- emerg
"hc_zone" directive expects "zone=name:size \[max_object=size\] .*"


=== hc_zone with max_object twice
--- http_config
    hc_zone zone=pages:1m max_object=1k max_object=2k;
--- emerg
"hc_zone" directive has max_object twice


=== a snapshot without a path
--- http_config
    hc_zone zone=pages:1m snapshot=;
--- emerg
"hc_zone" directive expects snapshot as a path, as in snapshot=/var/cache/nginx/pages.hc


=== a snapshot in a directory that is not there
--- http_config
    hc_zone zone=pages:1m snapshot=nowhere/pages.hc;
--- emerg
hc_zone "pages": the directory "\S+/nowhere" of its snapshot cannot be used \(2: No such file or directory\)


=== a snapshot below a file
--- http_config
    hc_zone zone=pages:1m snapshot=conf/nginx.conf/pages.hc;
--- emerg
hc_zone "pages": the directory "\S+/conf/nginx.conf" of its snapshot cannot be used \(20: Not a directory\)


=== a snapshot that is a directory
--- http_config
    hc_zone zone=pages:1m snapshot=logs;
--- emerg
"hc_zone" directive expects snapshot as a file, not a directory


=== a snapshot whose path ends in a slash
--- http_config
    hc_zone zone=pages:1m snapshot=logs/;
--- emerg
"hc_zone" directive expects snapshot as a file, not a directory


=== a snapshot twice
--- http_config
    hc_zone zone=pages:1m snapshot=logs/a snapshot=logs/b;
--- emerg
"hc_zone" directive has snapshot twice


=== two zones with one snapshot
--- http_config
    hc_zone zone=pages:1m snapshot=logs/a;
    hc_zone zone=other:1m snapshot=logs/../logs/a;
--- emerg
hc_zone "other" has the same snapshot as hc_zone "pages", each needs a file of its own


=== a snapshot_interval without a snapshot
--- http_config
    hc_zone zone=pages:1m snapshot_interval=1m;
--- emerg
"hc_zone" directive has snapshot_interval without snapshot


=== a snapshot_interval below 1s
--- http_config
    hc_zone zone=pages:1m snapshot=logs/a snapshot_interval=999ms;
--- emerg
"hc_zone" directive expects snapshot_interval as a time from 1s to 24h, as in snapshot_interval=10m


=== a snapshot_interval of 0
--- http_config
    hc_zone zone=pages:1m snapshot=logs/a snapshot_interval=0;
--- emerg
"hc_zone" directive expects snapshot_interval as a time from 1s to 24h, as in snapshot_interval=10m


=== a snapshot_interval above 24h
--- http_config
    hc_zone zone=pages:1m snapshot=logs/a snapshot_interval=1441m;
--- emerg
"hc_zone" directive expects snapshot_interval as a time from 1s to 24h, as in snapshot_interval=10m


=== a snapshot_interval that is no time
--- http_config
    hc_zone zone=pages:1m snapshot=logs/a snapshot_interval=often;
--- emerg
"hc_zone" directive expects snapshot_interval as a time from 1s to 24h, as in snapshot_interval=10m


=== hc_zone in a server
--- config
    hc_zone zone=pages:1m;
--- emerg
"hc_zone" directive is not allowed here


=== hc_l2 in a server
--- config
    hc_l2 shared { server redis://127.0.0.1; }
--- emerg
"hc_l2" directive is not allowed here


=== an hc_l2 with nothing in it
--- http_config
    hc_l2 shared { }
--- emerg
hc_l2 "shared" has no server, expected is "server redis://host\[:port\];"


=== an hc_l2 without a name
--- http_config
    hc_l2 { server redis://127.0.0.1; }
--- emerg
invalid number of arguments in "hc_l2" directive


=== an hc_l2 without a block
--- http_config
    hc_l2 shared;
--- emerg
directive "hc_l2" has no opening "\{"


=== an hc_l2 that is defined twice
--- http_config
    hc_l2 shared { server redis://127.0.0.1; }
    hc_l2 shared { server redis://127.0.0.2; }
--- emerg
hc_l2 "shared" is already defined


=== an hc_l2 that is called off could never be used
--- http_config
    hc_l2 off { server redis://127.0.0.1; }
--- emerg
"hc_l2" directive .*"off".*


=== a second server in hc_l2
--- http_config
    hc_l2 shared { server redis://127.0.0.1; server redis://127.0.0.2; }
--- emerg
"server" in hc_l2 is duplicate, one server is allowed


=== a server that is no URL
--- http_config
    hc_l2 shared { server 127.0.0.1:6379; }
--- emerg
"server" in hc_l2 expects redis://host\[:port\] or redis://unix:/path


=== a server without a host
--- http_config
    hc_l2 shared { server redis://; }
--- emerg
"server" in hc_l2 expects redis://host\[:port\] or redis://unix:/path


=== a server with a port alone
--- http_config
    hc_l2 shared { server redis://:6379; }
--- emerg
no host in hc_l2 server "redis://:6379", expected is redis://host\[:port\] or redis://unix:/path


=== a server whose port is no number
--- http_config
    hc_l2 shared { server redis://127.0.0.1:redis; }
--- emerg
invalid port in hc_l2 server "redis://127.0.0.1:redis", expected is redis://host\[:port\] or redis://unix:/path


=== a server whose port is 0
--- http_config
    hc_l2 shared { server redis://127.0.0.1:0; }
--- emerg
invalid port in hc_l2 server "redis://127.0.0.1:0", expected is redis://host\[:port\] or redis://unix:/path


=== a server whose port is above 65535
--- http_config
    hc_l2 shared { server redis://127.0.0.1:65536; }
--- emerg
invalid port in hc_l2 server "redis://127.0.0.1:65536", expected is redis://host\[:port\] or redis://unix:/path


=== a server with a database behind it
--- http_config
    hc_l2 shared { server redis://127.0.0.1:6379/1; }
--- emerg
invalid host in hc_l2 server "redis://127.0.0.1:6379/1", expected is redis://host\[:port\] or redis://unix:/path


=== a server with a password, which is not spoken
--- http_config
    hc_l2 shared { server redis://:secret@127.0.0.1:6379; }
--- emerg
hc_l2 .*redis://host\[:port\] or redis://unix:/path.*


=== a server whose IPv6 address is not closed
--- http_config
    hc_l2 shared { server redis://[::1:6379; }
--- emerg
invalid host in hc_l2 server "redis://\[::1:6379", expected is redis://host\[:port\] or redis://unix:/path


=== a server whose name nobody knows
--- http_config
    hc_l2 shared { server redis://nobody.invalid; }
--- emerg
host not found in hc_l2 server "redis://nobody.invalid", expected is redis://host\[:port\] or redis://unix:/path


=== a unix socket without a path
--- http_config
    hc_l2 shared { server redis://unix:; }
--- emerg
no path in the unix domain socket in hc_l2 server "redis://unix:", expected is redis://host\[:port\] or redis://unix:/path


=== a unix socket whose path is too long
--- http_config eval
    'hc_l2 shared { server redis://unix:/' . 'a' x 120 . '; }'
--- emerg
too long path in the unix domain socket in hc_l2 server "redis://unix:/a+", expected is redis://host\[:port\] or redis://unix:/path


=== memcached is not spoken
--- http_config
    hc_l2 shared { server memcached://127.0.0.1; }
--- emerg
"server" in hc_l2 expects redis://host\[:port\] or redis://unix:/path


=== Redis over TLS is not spoken
--- http_config
    hc_l2 shared { server rediss://127.0.0.1; }
--- emerg
"server" in hc_l2 expects redis://host\[:port\] or redis://unix:/path


=== an unknown parameter in hc_l2
--- http_config
    hc_l2 shared { server redis://127.0.0.1; retries 3; }
--- emerg
unknown "retries" in hc_l2, allowed are server, prefix, connect_timeout, timeout, connections and max_value


=== a parameter in hc_l2 without a value
--- http_config
    hc_l2 shared { server; }
--- emerg
"server" in hc_l2 expects one value


=== a parameter in hc_l2 with two values
--- http_config
    hc_l2 shared { server redis://127.0.0.1; timeout 50ms 60ms; }
--- emerg
"timeout" in hc_l2 expects one value


=== a timeout in hc_l2 that is no time
--- http_config
    hc_l2 shared { server redis://127.0.0.1; timeout soon; }
--- emerg
"timeout" in hc_l2 expects a time from 1ms to 60s


=== a timeout of 0 in hc_l2
--- http_config
    hc_l2 shared { server redis://127.0.0.1; timeout 0; }
--- emerg
"timeout" in hc_l2 expects a time from 1ms to 60s


=== a connect_timeout above 60s in hc_l2
--- http_config
    hc_l2 shared { server redis://127.0.0.1; connect_timeout 61s; }
--- emerg
"connect_timeout" in hc_l2 expects a time from 1ms to 60s


=== connections of 0 in hc_l2
--- http_config
    hc_l2 shared { server redis://127.0.0.1; connections 0; }
--- emerg
"connections" in hc_l2 expects a number from 1 to 64


=== connections above 64 in hc_l2
--- http_config
    hc_l2 shared { server redis://127.0.0.1; connections 65; }
--- emerg
"connections" in hc_l2 expects a number from 1 to 64


=== a max_value of 0 in hc_l2
--- http_config
    hc_l2 shared { server redis://127.0.0.1; max_value 0; }
--- emerg
"max_value" in hc_l2 expects a size from 1k to 512m


=== a max_value that Redis could not hold
--- http_config
    hc_l2 shared { server redis://127.0.0.1; max_value 513m; }
--- emerg
"max_value" in hc_l2 expects a size from 1k to 512m


=== a prefix with a space in hc_l2
--- http_config
    hc_l2 shared { server redis://127.0.0.1; prefix "a b"; }
--- emerg
"prefix" in hc_l2 expects printable characters without spaces


=== a prefix that is too long in hc_l2
--- http_config eval
    'hc_l2 shared { server redis://127.0.0.1; prefix ' . 'p' x 65 . '; }'
--- emerg
"prefix" in hc_l2 is too long, 64 bytes are the most


=== prefix twice in hc_l2
--- http_config
    hc_l2 shared { server redis://127.0.0.1; prefix a:; prefix b:; }
--- emerg
"prefix" in hc_l2 is duplicate


=== an empty prefix counts as one in hc_l2
--- http_config
    hc_l2 shared { server redis://127.0.0.1; prefix ""; prefix b:; }
--- emerg
"prefix" in hc_l2 is duplicate


=== connect_timeout twice in hc_l2
--- http_config
    hc_l2 shared { server redis://127.0.0.1; connect_timeout 5ms; connect_timeout 5ms; }
--- emerg
"connect_timeout" in hc_l2 is duplicate


=== timeout twice in hc_l2
--- http_config
    hc_l2 shared { server redis://127.0.0.1; timeout 5ms; timeout 5ms; }
--- emerg
"timeout" in hc_l2 is duplicate


=== connections twice in hc_l2
--- http_config
    hc_l2 shared { server redis://127.0.0.1; connections 1; connections 1; }
--- emerg
"connections" in hc_l2 is duplicate


=== max_value twice in hc_l2
--- http_config
    hc_l2 shared { server redis://127.0.0.1; max_value 1m; max_value 1m; }
--- emerg
"max_value" in hc_l2 is duplicate


=== hc_cache_l2 without an hc_cache
--- http_config
    hc_l2 shared { server redis://127.0.0.1; }
--- config
    location = /x { hc_cache_l2 shared; }
--- emerg
"hc_cache_l2" needs an "hc_cache" with a zone there or below


=== hc_cache_l2 where hc_cache is off
--- http_config
    hc_zone zone=pages:1m;
    hc_l2 shared { server redis://127.0.0.1; }
--- config
    hc_cache pages;
    location = /x { hc_cache off; hc_cache_l2 shared; }
--- emerg
"hc_cache_l2" needs an "hc_cache" with a zone there or below


=== hc_cache twice
--- http_config
    hc_zone zone=pages:1m;
--- config
    location = /x { hc_cache pages; hc_cache pages; }
--- emerg
"hc_cache" directive is duplicate


=== hc_cache off, and then not
--- http_config
    hc_zone zone=pages:1m;
--- config
    location = /x { hc_cache off; hc_cache pages; }
--- emerg
"hc_cache" directive is duplicate


=== hc_cache with an empty name
--- config
    location = /x { hc_cache ""; }
--- emerg
"hc_cache" directive expects the name of an hc_zone or "off"


=== hc_cache with two zones
--- http_config
    hc_zone zone=pages:1m;
--- config
    location = /x { hc_cache pages pages; }
--- emerg
invalid number of arguments in "hc_cache" directive


=== hc_cache_l2 with an empty name
--- config
    location = /x { hc_cache_l2 ""; }
--- emerg
"hc_cache_l2" directive expects the name of an hc_l2 or "off"


=== hc_cache_l2 twice
--- http_config
    hc_zone zone=pages:1m;
    hc_l2 shared { server redis://127.0.0.1; }
--- config
    location = /x { hc_cache pages; hc_cache_l2 shared; hc_cache_l2 shared; }
--- emerg
"hc_cache_l2" directive is duplicate


=== hc_cache_key twice
--- config
    hc_cache_key $uri;
    hc_cache_key $hc_uri;
--- emerg
"hc_cache_key" directive is duplicate


=== an empty hc_cache_key
--- config
    hc_cache_key "";
--- emerg
"hc_cache_key" directive expects a string with variables, as in \$scheme\$host\$hc_uri


=== hc_cache_args twice
--- config
    hc_cache_args a;
    hc_cache_args b;
--- emerg
"hc_cache_args" directive is duplicate


=== hc_cache_args off, and then not
--- config
    hc_cache_args off;
    hc_cache_args b;
--- emerg
"hc_cache_args" directive is duplicate


=== hc_cache_args with what is no name
--- config
    hc_cache_args page=1;
--- emerg
"hc_cache_args" directive expects names of arguments or "off"


=== hc_cache_args with an empty name
--- config
    hc_cache_args "";
--- emerg
"hc_cache_args" directive expects names of arguments or "off"


=== hc_cache_args with off among names
--- config
    hc_cache_args page off;
--- emerg
"hc_cache_args" directive expects names of arguments or "off"


=== hc_cache_valid with no time
--- config
    hc_cache_valid 200;
    hc_cache_valid 200 soon;
--- emerg
"hc_cache_valid" directive expects "\[code ...\] time \[l2=time\]", times from 0 to 49d


=== hc_cache_valid with l2= alone
--- config
    hc_cache_valid l2=5s;
--- emerg
"hc_cache_valid" directive expects "\[code ...\] time \[l2=time\]", times from 0 to 49d


=== hc_cache_valid with a bad l2= time
--- config
    hc_cache_valid 200 5s l2=long;
--- emerg
"hc_cache_valid" directive expects "\[code ...\] time \[l2=time\]", times from 0 to 49d


=== hc_cache_valid with an empty l2= time
--- config
    hc_cache_valid 200 5s l2=;
--- emerg
"hc_cache_valid" directive expects "\[code ...\] time \[l2=time\]", times from 0 to 49d


=== hc_cache_valid with more than an entry can say
--- config
    hc_cache_valid 200 50d;
--- emerg
"hc_cache_valid" directive expects "\[code ...\] time \[l2=time\]", times from 0 to 49d


=== hc_cache_valid with a negative time
--- config
    hc_cache_valid 200 -5s;
--- emerg
"hc_cache_valid" directive expects "\[code ...\] time \[l2=time\]", times from 0 to 49d


=== hc_cache_valid with a code that is never stored
--- config
    hc_cache_valid 206 5s;
--- emerg
"hc_cache_valid" directive expects codes from 200 to 599 except 206 and 304, or "any"


=== hc_cache_valid with a code that does not exist
--- config
    hc_cache_valid 600 5s;
--- emerg
"hc_cache_valid" directive expects codes from 200 to 599 except 206 and 304, or "any"


=== hc_cache_valid with a word
--- config
    hc_cache_valid all 5s;
--- emerg
"hc_cache_valid" directive expects codes from 200 to 599 except 206 and 304, or "any"


=== hc_cache_valid with nothing
--- config
    hc_cache_valid;
--- emerg
invalid number of arguments in "hc_cache_valid" directive


=== hc_cache_l1_ttl that is no time
--- config
    hc_cache_l1_ttl short;
--- emerg
"hc_cache_l1_ttl" directive expects a time from 0 to 49d, as in 500ms, 5s or 10m


=== hc_cache_l1_ttl twice
--- config
    hc_cache_l1_ttl 0;
    hc_cache_l1_ttl 0;
--- emerg
"hc_cache_l1_ttl" directive is duplicate


=== hc_cache_stale that is too long
--- config
    hc_cache_stale 1y;
--- emerg
"hc_cache_stale" directive expects a time from 0 to 49d, as in 500ms, 5s or 10m


=== hc_cache_stale that is empty
--- config
    hc_cache_stale "";
--- emerg
"hc_cache_stale" directive expects a time from 0 to 49d, as in 500ms, 5s or 10m


=== hc_cache_stale twice
--- config
    hc_cache_stale 5m;
    hc_cache_stale 5m;
--- emerg
"hc_cache_stale" directive is duplicate


=== an unknown word in hc_cache_use_stale
--- config
    hc_cache_use_stale error http_501;
--- emerg
invalid "http_501" in "hc_cache_use_stale", allowed are: error timeout invalid_header http_500 http_502 http_503 http_504 http_403 http_404 http_429 http_5xx updating off


=== hc_cache_background_update wants on or off
--- config
    hc_cache_background_update yes;
--- emerg
invalid value "yes" in "hc_cache_background_update" directive, it must be "on" or "off"


=== hc_cache_background_update twice
--- config
    hc_cache_background_update on;
    hc_cache_background_update on;
--- emerg
"hc_cache_background_update" directive is duplicate


=== hc_cache_refresh_ahead of no time
--- config
    hc_cache_refresh_ahead 0;
--- emerg
"hc_cache_refresh_ahead" directive expects a time above 0, as in 500ms or 5s, a share from 1% to 90%, or "off"


=== hc_cache_refresh_ahead with a word
--- config
    hc_cache_refresh_ahead soon;
--- emerg
"hc_cache_refresh_ahead" directive expects a time above 0, as in 500ms or 5s, a share from 1% to 90%, or "off"


=== hc_cache_refresh_ahead of the whole lifetime
--- config
    hc_cache_refresh_ahead 100%;
--- emerg
"hc_cache_refresh_ahead" directive expects a time above 0, as in 500ms or 5s, a share from 1% to 90%, or "off"


=== hc_cache_refresh_ahead twice
--- config
    hc_cache_refresh_ahead 1s;
    hc_cache_refresh_ahead off;
--- emerg
"hc_cache_refresh_ahead" directive is duplicate


=== hc_cache_refresh_max of none
--- config
    hc_cache_refresh_max 0;
--- emerg
"hc_cache_refresh_max" directive expects a number from 1 to 65535


=== hc_cache_refresh_max above what can be counted
--- config
    hc_cache_refresh_max 65536;
--- emerg
"hc_cache_refresh_max" directive expects a number from 1 to 65535


=== hc_cache_refresh_max with a word
--- config
    hc_cache_refresh_max off;
--- emerg
"hc_cache_refresh_max" directive expects a number from 1 to 65535


=== hc_cache_refresh_max twice
--- config
    hc_cache_refresh_max 1;
    hc_cache_refresh_max 1;
--- emerg
"hc_cache_refresh_max" directive is duplicate


=== hc_cache_jitter of no share
--- config
    hc_cache_jitter 0%;
--- emerg
"hc_cache_jitter" directive expects a share from 1% to 90%, as in 10%, or "off"


=== hc_cache_jitter of nearly all
--- config
    hc_cache_jitter 91%;
--- emerg
"hc_cache_jitter" directive expects a share from 1% to 90%, as in 10%, or "off"


=== hc_cache_jitter with a time
--- config
    hc_cache_jitter 10s;
--- emerg
"hc_cache_jitter" directive expects a share from 1% to 90%, as in 10%, or "off"


=== hc_cache_jitter twice
--- config
    hc_cache_jitter off;
    hc_cache_jitter 1%;
--- emerg
"hc_cache_jitter" directive is duplicate


=== off beside another word of hc_cache_use_stale
--- config
    hc_cache_use_stale error off;
--- emerg
"hc_cache_use_stale" directive expects "off" alone


=== hc_cache_use_stale twice
--- config
    hc_cache_use_stale error;
    hc_cache_use_stale timeout;
--- emerg
"hc_cache_use_stale" directive is duplicate


=== a method that cannot be cached in hc_cache_methods
--- config
    hc_cache_methods GET POST;
--- emerg
invalid "POST" in "hc_cache_methods", allowed are: GET HEAD


=== a method in small letters in hc_cache_methods
--- config
    hc_cache_methods get;
--- emerg
invalid "get" in "hc_cache_methods", allowed are: GET HEAD


=== hc_cache_methods twice
--- config
    hc_cache_methods GET;
    hc_cache_methods GET;
--- emerg
"hc_cache_methods" directive is duplicate


=== an unknown word in hc_cache_cookies
--- config
    hc_cache_cookies drop;
--- emerg
invalid "drop" in "hc_cache_cookies", allowed are: pass ignore


=== two words in hc_cache_cookies
--- config
    hc_cache_cookies pass ignore;
--- emerg
invalid number of arguments in "hc_cache_cookies" directive


=== hc_cache_cookies twice
--- config
    hc_cache_cookies pass;
    hc_cache_cookies ignore;
--- emerg
"hc_cache_cookies" directive is duplicate


=== hc_cache_min_uses of 0
--- config
    hc_cache_min_uses 0;
--- emerg
"hc_cache_min_uses" directive expects a number from 1 to 255


=== hc_cache_min_uses of 256
--- config
    hc_cache_min_uses 256;
--- emerg
"hc_cache_min_uses" directive expects a number from 1 to 255


=== hc_cache_min_uses that is no number
--- config
    hc_cache_min_uses twice;
--- emerg
"hc_cache_min_uses" directive expects a number from 1 to 255


=== hc_cache_min_uses twice
--- config
    hc_cache_min_uses 2;
    hc_cache_min_uses 2;
--- emerg
"hc_cache_min_uses" directive is duplicate


=== hc_cache_bypass without a value
--- config
    hc_cache_bypass;
--- emerg
invalid number of arguments in "hc_cache_bypass" directive


=== hc_no_cache without a value
--- config
    hc_no_cache;
--- emerg
invalid number of arguments in "hc_no_cache" directive


=== hc_cache_purge without a value
--- config
    hc_cache_purge;
--- emerg
invalid number of arguments in "hc_cache_purge" directive


=== hc_cache_purge that nobody is allowed by
--- config
    hc_cache_purge tag=$http_surrogate_key all=$http_purge_all;
--- emerg
"hc_cache_purge" directive expects a string that says who may purge, beside "tag=" and "all="


=== hc_cache_purge with an empty tag=
--- config
    hc_cache_purge $arg_ok tag=;
--- emerg
"hc_cache_purge" directive expects a string behind "tag=", as in tag=\$http_surrogate_key


=== hc_cache_purge with two tag=
--- config
    hc_cache_purge $arg_ok tag=$http_a tag=$http_b;
--- emerg
"hc_cache_purge" directive has more than one "tag="


=== hc_cache_purge with an empty all=
--- config
    hc_cache_purge $arg_ok all=;
--- emerg
"hc_cache_purge" directive expects a variable behind "all=", as in all=\$http_purge_all


=== hc_cache_purge that makes every PURGE one of everything
--- config
    hc_cache_purge $arg_ok all=1;
--- emerg
"hc_cache_purge" directive expects a variable behind "all=", as in all=\$http_purge_all


=== hc_cache_purge with two all=
--- config
    hc_cache_purge $arg_ok all=$http_a all=$http_b;
--- emerg
"hc_cache_purge" directive has more than one "all="


=== hc_cache_tag without a value
--- config
    hc_cache_tag;
--- emerg
invalid number of arguments in "hc_cache_tag" directive


=== hc_cache_tag inside an if
--- config
    location = /x { if ($arg_a) { hc_cache_tag a; } }
--- emerg
"hc_cache_tag" directive is not allowed here


=== hc_invalidate with an empty tag=
--- config
    hc_invalidate tag=;
--- emerg
"hc_invalidate" directive expects .*uri=.*key=.*tag=.*


=== hc_invalidate with a name that is neither uri= nor key=
--- config
    hc_invalidate /api/orders;
--- emerg
"hc_invalidate" directive expects .*uri=.*key=.*


=== hc_invalidate with an empty uri=
--- config
    hc_invalidate uri=;
--- emerg
"hc_invalidate" directive expects .*uri=.*key=.*


=== hc_invalidate with an empty key=
--- config
    hc_invalidate uri=/a key=;
--- emerg
"hc_invalidate" directive expects .*uri=.*key=.*


=== hc_invalidate with a path that does not begin with a slash
--- config
    hc_invalidate uri=api/orders;
--- emerg
"hc_invalidate" directive expects a path behind "uri=", as in uri=/api/orders\?uid=\$arg_uid


=== hc_invalidate with more names than a write can carry
--- config eval
    'hc_invalidate ' . join(' ', map { "uri=/$_" } 1 .. 32) . ';'
--- emerg
"hc_invalidate" directive has too many names, 31 are the most


=== hc_invalidate without a value
--- config
    hc_invalidate;
--- emerg
invalid number of arguments in "hc_invalidate" directive


=== hc_static that names a plain file
--- user_files
>>> plain
a file
--- config
    hc_static html/plain;
--- emerg
"hc_static" directive expects a directory, this is another kind of file


=== hc_static over half of a JSON file
--- user_files
>>> files/deep/half.json
{"half": [1, 2
>>> files/whole.json
{"whole": [1, 2]}
--- config
    hc_static html/files;
--- emerg
files/deep/half.json" of hc_static is no whole JSON object or array of at most 16m


=== hc_static with an empty name
--- config
    hc_static "";
--- emerg
"hc_static" directive expects a directory or "off"


=== hc_static twice
--- config
    hc_static html;
    hc_static html;
--- emerg
"hc_static" directive is duplicate


=== hc_static off, and then not
--- config
    hc_static off;
    hc_static html;
--- emerg
"hc_static" directive is duplicate


=== hc_static with parameters of "write", which it does not say
--- config
    hc_static html max_files=10;
--- emerg
"hc_static" directive has parameters that are of "write", which it does not say


=== hc_static with a parameter that is none
--- config
    hc_static html write max_file=10;
--- emerg
"hc_static" directive expects "write", "max_files=number" or "max_size=size" behind the directory


=== hc_static with max_files of 0
--- config
    hc_static html write max_files=0;
--- emerg
"hc_static" directive expects max_files=number, 1 or more


=== hc_static with a max_files that is no number
--- config
    hc_static html write max_files=many;
--- emerg
"hc_static" directive expects max_files=number, 1 or more


=== hc_static with max_size of 0
--- config
    hc_static html write max_size=0;
--- emerg
"hc_static" directive expects max_size=size, 1 to 64m


=== hc_static with a max_size above 64m
--- config
    hc_static html write max_size=65m;
--- emerg
"hc_static" directive expects max_size=size, 1 to 64m


=== hc_static off that is to be written
--- config
    hc_static off write;
--- emerg
"hc_static" directive is off, there is nothing to write


=== hc_static write in two servers, one directory
--- http_config
    server { listen 127.0.0.1:1984; server_name a; hc_static files write; }
    server { listen 127.0.0.1:1984; server_name b; hc_static files/ write; }
--- emerg
hc_static directory "\S+/files" is written by another server, too: each host needs a directory of its own


=== hc_static write of http, inherited by two servers
--- http_config
    hc_static files write;
    server { listen 127.0.0.1:1984; server_name a; }
    server { listen 127.0.0.1:1984; server_name b; }
--- emerg
hc_static directory "\S+/files" is written by another server, too: each host needs a directory of its own


=== hc_static write inside the directory of another server
--- http_config
    server { listen 127.0.0.1:1984; server_name a; hc_static files write; }
    server { listen 127.0.0.1:1984; server_name b; hc_static files/b write; }
--- emerg
hc_static directory "\S+/files/b" is written by another server, too: each host needs a directory of its own


=== hc_static write inside another directory of the server
--- http_config
    server {
        listen 127.0.0.1:1984;
        server_name a;
        hc_static files write;
        location /b { hc_static files/b write; }
    }
--- emerg
hc_static directory "\S+/files/?b?" is written inside another one that is


=== hc_static write with other parameters elsewhere in the server
--- http_config
    server {
        listen 127.0.0.1:1984;
        server_name a;
        hc_static files write;
        location /b { hc_static files write max_files=3; }
    }
--- emerg
hc_static directory "\S+/files" has other parameters elsewhere


=== hc_static write in a server without a name
--- http_config
    server { listen 127.0.0.1:1984; hc_static files write; }
--- emerg
hc_static write needs a server_name that begins with the one host whose files these are


=== hc_static write in a server whose first name is many hosts
--- http_config
    server { listen 127.0.0.1:1984; server_name *.a.example; hc_static files write; }
--- emerg
hc_static write needs a server_name that begins with the one host whose files these are


=== hc_static write in a server whose first name is a pattern
--- http_config
    server { listen 127.0.0.1:1984; server_name ~^a; hc_static files write; }
--- emerg
hc_static write needs a server_name that begins with the one host whose files these are


=== hc_cache_revalidate is neither on nor off
--- config
    location = /x { hc_cache_revalidate maybe; }
--- emerg
invalid value "maybe" in "hc_cache_revalidate" directive, it must be "on" or "off"


=== hc_cache_revalidate twice
--- config
    location = /x { hc_cache_revalidate on; hc_cache_revalidate off; }
--- emerg
"hc_cache_revalidate" directive is duplicate


=== hc_cache_strict_age is neither on nor off
--- config
    location = /x { hc_cache_strict_age maybe; }
--- emerg
invalid value "maybe" in "hc_cache_strict_age" directive, it must be "on" or "off"


=== hc_cache_strict_age twice
--- config
    location = /x { hc_cache_strict_age on; hc_cache_strict_age off; }
--- emerg
"hc_cache_strict_age" directive is duplicate


=== hc_cache_client_control is neither on nor off
--- config
    location = /x { hc_cache_client_control maybe; }
--- emerg
invalid value "maybe" in "hc_cache_client_control" directive, it must be "on" or "off"


=== hc_cache_client_control twice
--- config
    location = /x { hc_cache_client_control on; hc_cache_client_control off; }
--- emerg
"hc_cache_client_control" directive is duplicate


=== hc_cache_etag is neither on nor off
--- config
    location = /x { hc_cache_etag maybe; }
--- emerg
invalid value "maybe" in "hc_cache_etag" directive, it must be "on" or "off"


=== hc_cache_etag twice
--- config
    location = /x { hc_cache_etag on; hc_cache_etag off; }
--- emerg
"hc_cache_etag" directive is duplicate


=== hc_cache_unframed is neither on nor off
--- config
    location = /x { hc_cache_unframed maybe; }
--- emerg
invalid value "maybe" in "hc_cache_unframed" directive, it must be "on" or "off"


=== hc_cache_unframed twice
--- config
    location = /x { hc_cache_unframed on; hc_cache_unframed off; }
--- emerg
"hc_cache_unframed" directive is duplicate


=== hc_cache_heuristic without a percent sign
--- config
    location = /x { hc_cache_heuristic 10; }
--- emerg
"hc_cache_heuristic" directive expects a share from 1% to 100%, as in 10%, and perhaps max=1d, or "off"


=== hc_cache_heuristic of nothing
--- config
    location = /x { hc_cache_heuristic 0%; }
--- emerg
"hc_cache_heuristic" directive expects a share from 1% to 100%, as in 10%, and perhaps max=1d, or "off"


=== hc_cache_heuristic above the whole
--- config
    location = /x { hc_cache_heuristic 101%; }
--- emerg
"hc_cache_heuristic" directive expects a share from 1% to 100%, as in 10%, and perhaps max=1d, or "off"


=== hc_cache_heuristic that is no number
--- config
    location = /x { hc_cache_heuristic x%; }
--- emerg
"hc_cache_heuristic" directive expects a share from 1% to 100%, as in 10%, and perhaps max=1d, or "off"


=== hc_cache_heuristic of a fraction
--- config
    location = /x { hc_cache_heuristic 1.5%; }
--- emerg
"hc_cache_heuristic" directive expects a share from 1% to 100%, as in 10%, and perhaps max=1d, or "off"


=== hc_cache_heuristic with another word
--- config
    location = /x { hc_cache_heuristic 10% min=1d; }
--- emerg
"hc_cache_heuristic" directive expects a share from 1% to 100%, as in 10%, and perhaps max=1d, or "off"


=== hc_cache_heuristic with a time that is none
--- config
    location = /x { hc_cache_heuristic 10% max=soon; }
--- emerg
"hc_cache_heuristic" directive expects a share from 1% to 100%, as in 10%, and perhaps max=1d, or "off"


=== hc_cache_heuristic with no time at all
--- config
    location = /x { hc_cache_heuristic 10% max=0; }
--- emerg
"hc_cache_heuristic" directive expects a share from 1% to 100%, as in 10%, and perhaps max=1d, or "off"


=== hc_cache_heuristic off with a time
--- config
    location = /x { hc_cache_heuristic off max=1d; }
--- emerg
"hc_cache_heuristic" directive expects a share from 1% to 100%, as in 10%, and perhaps max=1d, or "off"


=== hc_cache_heuristic twice
--- config
    location = /x { hc_cache_heuristic 10%; hc_cache_heuristic off; }
--- emerg
"hc_cache_heuristic" directive is duplicate


=== hc_cache_accept_encoding of nine codings
--- config
    location = /x { hc_cache_accept_encoding a b c d e f g h i; }
--- emerg
"hc_cache_accept_encoding" directive expects at most eight content codings, as in "br gzip", or "off"


=== hc_cache_accept_encoding with off among codings
--- config
    location = /x { hc_cache_accept_encoding gzip off; }
--- emerg
"hc_cache_accept_encoding" directive expects at most eight content codings, as in "br gzip", or "off"


=== hc_cache_accept_encoding of identity
--- config
    location = /x { hc_cache_accept_encoding identity; }
--- emerg
"hc_cache_accept_encoding" directive expects at most eight content codings, as in "br gzip", or "off"


=== hc_cache_accept_encoding of a wildcard
--- config
    location = /x { hc_cache_accept_encoding *; }
--- emerg
"hc_cache_accept_encoding" directive expects at most eight content codings, as in "br gzip", or "off"


=== hc_cache_accept_encoding of a weight
--- config
    location = /x { hc_cache_accept_encoding gzip\;q=1; }
--- emerg
"hc_cache_accept_encoding" directive expects at most eight content codings, as in "br gzip", or "off"


=== hc_cache_accept_encoding twice
--- config
    location = /x { hc_cache_accept_encoding gzip; hc_cache_accept_encoding br; }
--- emerg
"hc_cache_accept_encoding" directive is duplicate


=== hc_cache_status_header of a name that begins with a digit
--- config
    location = /x { hc_cache_status_header 1st; }
--- emerg
"hc_cache_status_header" directive expects "on", "off" or the name of this cache, of letters, digits, "-", "_" and "\."


=== hc_cache_status_header of a name with a blank in it
--- config
    location = /x { hc_cache_status_header "my cache"; }
--- emerg
"hc_cache_status_header" directive expects "on", "off" or the name of this cache, of letters, digits, "-", "_" and "\."


=== hc_cache_status_header of a name with a variable in it
--- config
    location = /x { hc_cache_status_header $host; }
--- emerg
"hc_cache_status_header" directive expects "on", "off" or the name of this cache, of letters, digits, "-", "_" and "\."


=== hc_cache_status_header of a name that is empty
--- config
    location = /x { hc_cache_status_header ""; }
--- emerg
"hc_cache_status_header" directive expects "on", "off" or the name of this cache, of letters, digits, "-", "_" and "\."


=== hc_cache_status_header twice
--- config
    location = /x { hc_cache_status_header on; hc_cache_status_header off; }
--- emerg
"hc_cache_status_header" directive is duplicate


=== hc_cache_status_header twice, off first
--- config
    location = /x { hc_cache_status_header off; hc_cache_status_header on; }
--- emerg
"hc_cache_status_header" directive is duplicate


=== hc_cache_set_cookie of another word
--- config
    location = /x { hc_cache_set_cookie drop; }
--- emerg
invalid "drop" in "hc_cache_set_cookie", allowed are: refuse strip keep


=== hc_ignore_headers of another field
--- config
    location = /x { hc_ignore_headers Pragma; }
--- emerg
invalid "Pragma" in "hc_ignore_headers", allowed are: Cache-Control Expires Set-Cookie Vary X-Accel-Expires off


=== hc_ignore_headers off among fields
--- config
    location = /x { hc_ignore_headers Vary off; }
--- emerg
"hc_ignore_headers" directive expects "off" alone


=== hc_ignore_headers twice
--- config
    location = /x { hc_ignore_headers Vary; hc_ignore_headers Expires; }
--- emerg
"hc_ignore_headers" directive is duplicate


=== hc_cache_targets of another field
--- config
    location = /x { hc_cache_targets Cache-Control; }
--- emerg
invalid "Cache-Control" in "hc_cache_targets", allowed are: CDN-Cache-Control Surrogate-Control off


=== hc_cache_set_cookie twice
--- config
    location = /x { hc_cache_set_cookie keep; hc_cache_set_cookie keep; }
--- emerg
"hc_cache_set_cookie" directive is duplicate


=== hc_cache_targets twice
--- config
    location = /x { hc_cache_targets off; hc_cache_targets off; }
--- emerg
"hc_cache_targets" directive is duplicate


=== hc_status in a server
--- config
    hc_status;
--- emerg
"hc_status" directive is not allowed here


=== hc_status with a value
--- config
    location = /x { hc_status on; }
--- emerg
invalid number of arguments in "hc_status" directive


=== hc_status twice
--- config
    location = /x { hc_status; hc_status; }
--- emerg
"hc_status" directive cannot stand beside another handler of the location


=== hc_cache inside an if
--- http_config
    hc_zone zone=pages:1m;
--- config
    location = /x { if ($arg_a) { hc_cache pages; } }
--- emerg
"hc_cache" directive is not allowed here


=== hc_static inside an if
--- config
    location = /x { if ($arg_a) { hc_static html; } }
--- emerg
"hc_static" directive is not allowed here


=== hc_invalidate inside an if
--- config
    location = /x { if ($arg_a) { hc_invalidate uri=/a; } }
--- emerg
"hc_invalidate" directive is not allowed here


=== hc_cache outside of http
--- main_config
    hc_cache pages;
--- emerg
"hc_cache" directive is not allowed here


=== hc_cache_lock is neither on nor off
--- config
    location = /x { hc_cache_lock maybe; }
--- emerg
invalid value "maybe" in "hc_cache_lock" directive, it must be "on" or "off"


=== hc_cache_lock_timeout is no time
--- config
    location = /x { hc_cache_lock_timeout soon; }
--- emerg
"hc_cache_lock_timeout" directive expects a time above 0, as in 500ms or 5s


=== hc_cache_lock_timeout is 0
--- config
    location = /x { hc_cache_lock_timeout 0; }
--- emerg
"hc_cache_lock_timeout" directive expects a time above 0, as in 500ms or 5s


=== hc_cache_lock_timeout twice
--- config
    location = /x { hc_cache_lock_timeout 1s; hc_cache_lock_timeout 1s; }
--- emerg
"hc_cache_lock_timeout" directive is duplicate


=== hc_cache_lock_waiters is no number
--- config
    location = /x { hc_cache_lock_waiters many; }
--- emerg
"hc_cache_lock_waiters" directive expects a number from 0 to 1000000


=== hc_cache_lock_waiters is above its maximum
--- config
    location = /x { hc_cache_lock_waiters 1000001; }
--- emerg
"hc_cache_lock_waiters" directive expects a number from 0 to 1000000


=== hc_cache_lock_waiters and an unknown word
--- config
    location = /x { hc_cache_lock_waiters 10 502; }
--- emerg
"hc_cache_lock_waiters" directive expects "stale", "pass" or "503" for what the surplus gets


=== hc_cache_lock_waiters twice
--- config
    location = /x { hc_cache_lock_waiters 10; hc_cache_lock_waiters 20; }
--- emerg
"hc_cache_lock_waiters" directive is duplicate


=== hc_cache_lock_waiters in an if
--- config
    location = /x { if ($arg_x) { hc_cache_lock_waiters 10; } }
--- emerg
"hc_cache_lock_waiters" directive is not allowed here
