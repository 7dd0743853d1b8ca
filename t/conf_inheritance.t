# What a configuration may say, and for which requests it then holds: names
# before their definition, http -> server -> location, the word "off".
#
# The pages are files, so nothing is asked but what is under test.

use HC;

add_block_preprocessor(sub {
    my ($block) = @_;

    my $http = $block->http_config;

    $block->set_value('http_config', (defined $http ? $http : '')
                                     . 'add_header X-Cache $hc_cache_status;');
    $block->set_value('user_files', ">>> page\na page\n")
        if !defined $block->user_files;
    $block->set_value('request', ['GET /page', 'GET /page'])
        if !defined $block->request;
});

plan('no_plan');
run_tests();

__DATA__

=== a zone may be used before it is defined
--- http_config
    hc_cache pages;
    hc_cache_valid 1m;
    hc_zone zone=pages:1m;
--- config
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]


=== a store may be used before it is defined
--- http_config
    hc_cache_l2 shared;
    hc_cache pages;
    hc_cache_valid 1m;
    hc_zone zone=pages:1m;
    hc_l2 shared { server redis://127.0.0.1:$TEST_NGINX_REDIS_PORT; }
--- with: redis
--- config
    hc_cache_l1_ttl 0;
    add_header X-Cache $hc_cache_status;
    add_header X-Tier $hc_cache_tier;
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\nX-Tier: L2"]
--- wait: 0.2


=== what http says holds for a location that says nothing
--- http_config
    hc_zone zone=pages:1m;
    hc_cache pages;
    hc_cache_valid 1m;
    hc_cache_min_uses 2;
--- config
--- request eval
["GET /page", "GET /page", "GET /page"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]


=== what a server says comes before what http says
--- http_config
    hc_zone zone=pages:1m;
    hc_cache pages;
    hc_cache_valid 1m;
    hc_cache_min_uses 200;
--- config
    hc_cache_min_uses 1;
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]


=== what a location says comes before what its server says
--- http_config
    hc_zone zone=pages:1m;
    hc_cache pages;
    hc_cache_valid 1m;
--- config
    hc_cache_min_uses 200;
    location /p { hc_cache_min_uses 1; }
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]


=== a location inside a location inherits from it
--- http_config
    hc_zone zone=pages:1m;
--- config
    location /p {
        hc_cache pages;
        hc_cache_valid 1m;
        location /pa { }
    }
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]


=== hc_cache off ends what is inherited
--- http_config
    hc_zone zone=pages:1m;
    hc_cache pages;
    hc_cache_valid 1m;
--- config
    location /p { hc_cache off; }
--- response_headers eval
["!X-Cache", "!X-Cache"]


=== hc_cache_valid of a location replaces the inherited ones
--- http_config
    hc_zone zone=pages:1m;
    hc_cache pages;
    hc_cache_valid 200 1m;
--- config
    location /other { hc_cache_valid 404 1m; }
--- request eval
["GET /other", "GET /other", "GET /other2", "GET /other2", "GET /page",
 "GET /page"]
--- user_files
>>> page
a page
>>> other
another
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "", "", "X-Cache: MISS", "X-Cache: HIT"]
--- error_code eval
[200, 200, 404, 404, 200, 200]


=== several lines of hc_cache_valid on one level stand beside each other
--- http_config
    hc_zone zone=pages:1m;
    hc_cache pages;
    hc_cache_valid 404 1m;
    hc_cache_valid 200 1m;
--- config
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]


=== a hc_cache_key of a location replaces the inherited one
--- http_config
    hc_zone zone=pages:1m;
    hc_cache pages;
    hc_cache_valid 1m;
    hc_cache_key $request_id;
--- config
    location /index { hc_cache_key $uri; }
--- request eval
["GET /page", "GET /page", "GET /index.html", "GET /index.html"]
--- user_files
>>> page
a page
>>> index.html
a page
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]


=== hc_cache_args off ends what is inherited
--- http_config
    hc_zone zone=pages:1m;
    hc_cache pages;
    hc_cache_valid 1m;
    hc_cache_args page;
--- config
    location /page { hc_cache_args off; }
--- user_files
>>> page
a page
>>> other
another
--- request eval
["GET /page?a=1", "GET /page?a=2", "GET /other?a=1", "GET /other?a=2"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]


=== hc_cache_l2 off: the store is not asked, and elsewhere it is
--- http_config
    hc_zone zone=pages:1m;
    hc_l2 shared { server redis://127.0.0.1:$TEST_NGINX_REDIS_PORT; }
    hc_cache pages;
    hc_cache_l2 shared;
    hc_cache_valid 1m;
--- with: redis
--- config
    location /page { hc_cache_l2 off; }
    location = /status { hc_cache off; hc_status; }
--- user_files
>>> page
a page
>>> other
another
--- request eval
["GET /page", "GET /status", "GET /other", "GET /status"]
--- response_body_like eval
["a page", '"gets":0,', "another", '"gets":1,']


=== hc_static off ends what is inherited
--- http_config
    hc_static html/saved;
--- config
    location /p { proxy_pass http://127.0.0.1:1; }
    location /q { hc_static off; proxy_pass http://127.0.0.1:1; }
--- user_files
>>> saved/page.json
{"saved":1}
>>> saved/quiet.json
{"saved":2}
--- request eval
["GET /page", "GET /quiet"]
--- error_code eval
[200, 502]
--- response_body_like eval
['"saved":1', '502 Bad Gateway']


=== hc_static is relative to the prefix, and a slash behind it does not matter
--- config
    location /p {
        hc_static html/saved/;
        proxy_pass http://127.0.0.1:1;
    }
--- user_files
>>> saved/page.json
{"saved":1}
--- request
GET /page
--- response_body
{"saved":1}


=== a directory of hc_static that is not there yet is warned about, and used when it is
--- config
    location /p {
        hc_static html/later;
        proxy_pass http://127.0.0.1:1;
    }
--- init
    mkdir "$Test::Nginx::Util::HtmlDir/later";
    open my $out, '>', "$Test::Nginx::Util::HtmlDir/later/page.json";
    print $out "{}\n";
--- request
GET /page
--- response_body
{}
--- grep_error_log eval
qr/\[warn\].*is not there yet/
--- grep_error_log_out eval
qr/hc_static directory "\S+later" is not there yet/


=== every form of a Redis URL
--- http_config
    hc_l2 a { server redis://127.0.0.1; }
    hc_l2 b { server redis://localhost:7000; }
    hc_l2 c { server redis://[::1]:7000; }
    hc_l2 d { server redis://unix:/run/redis.sock; }
    hc_l2 e { server redis://127.0.0.1:65535; }
--- config
    location = /status { hc_status; }
--- request
GET /status
--- response_body_like: "a":\{"server":"redis://127\.0\.0\.1".*"b":\{"server":"redis://localhost:7000".*"c":\{"server":"redis://\[::1\]:7000".*"d":\{"server":"redis://unix:/run/redis\.sock".*"e":


=== every number and time at its bounds
--- http_config
    hc_zone zone=pages:1m max_object=128k;
    hc_zone zone=a:1024k max_object=1;
    hc_l2 a {
        server redis://127.0.0.1;
        prefix "";
        connect_timeout 1ms;
        timeout 60s;
        connections 64;
        max_value 512m;
    }
    hc_l2 b {
        server redis://127.0.0.1;
        prefix aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;
        connect_timeout 60s;
        timeout 1ms;
        connections 1;
        max_value 1k;
    }
    hc_cache_valid 200 599 49d l2=49d;
    hc_cache_valid any 0;
    hc_cache_stale 49d;
    hc_cache_l1_ttl 49d;
    hc_cache_min_uses 255;
--- config
    hc_cache pages;
    hc_cache_min_uses 1;
    hc_cache_methods GET;
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]


=== two zones with one word between them
--- http_config
    hc_zone zone=pages:1m;
    hc_zone zone=pages2:1m;
    hc_cache_valid 1m;
    hc_cache_key $host;
--- config
    location /page { hc_cache pages; }
    location /other { hc_cache pages2; }
--- user_files
>>> page
a page
>>> other
another
--- request eval
["GET /page", "GET /other", "GET /page", "GET /other"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
["a page\n", "another\n", "a page\n", "another\n"]
