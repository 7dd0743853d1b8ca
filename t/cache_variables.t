# The variables, in log_format and add_header.

use HC;
use HC::Echo;

our $format = <<'END';
    log_format hc escape=json 's=$hc_cache_status t=$hc_cache_tier '
                  'r=$hc_cache_reason a=$hc_cache_age l=$hc_cache_ttl '
                  'k=$hc_cache_key u=$hc_uri l2=$hc_l2_time;';
END

our $log = "$ENV{TEST_NGINX_HTML_DIR}/../logs/hc.log";

# the log once it has so many lines
sub logged {
    my ($n) = @_;

    my @lines;

    wait_until(sub {
        open my $in, '<', $log or return;
        @lines = <$in>;
        return @lines >= $n;
    });

    chomp @lines;

    return \@lines;
}

add_block_preprocessor(sub {
    my ($block) = @_;

    my $own = $block->http_config;

    $block->set_value('http_config', $format . (defined $own ? $own : ''));
});

plan('no_plan');
run_tests();

__DATA__

=== a log line tells how a request was answered
--- config
    access_log logs/hc.log hc;

    location / {
        hc_cache pages;
        hc_cache_bypass $arg_fresh;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a?fresh=1", "POST /a
x=1", "GET /b"]
--- more_headers eval
["", "", "", "", "O-Cache-Control: no-store"]
--- then
my $log = logged(5);
s/ a=\d l=(?:5\d|60) / a=A l=L / for @$log;
is_deeply($log, [
    's=MISS t=origin r= a= l= k=httplocalhost/a u=/a l2=;',
    's=HIT t=L1 r= a=A l=L k=httplocalhost/a u=/a l2=;',
    's=BYPASS t=origin r=bypass a= l= k=httplocalhost/a?fresh=1 '
        . 'u=/a?fresh=1 l2=;',
    's= t= r= a= l= k= u=/a l2=;',
    's=MISS t=origin r=no-store a= l= k=httplocalhost/b u=/b l2=;',
], 'the log');


=== an expired entry is EXPIRED in the log, and its successor's age is 0
--- config
    access_log logs/hc.log hc;

    location / {
        hc_cache pages;
        hc_cache_valid 200 2s;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a"]
--- pause
1: 2.1
--- then
like(logged(3)->[1], qr/^s=EXPIRED t=origin r= a= l= /, 'expired');
like(logged(3)->[2], qr/^s=HIT t=L1 r= a=[01] l=[01] /, 'a hit of the new one');


=== a stale answer is STALE, with its age and a ttl below nothing
--- config
    access_log logs/hc.log hc;

    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers eval
["O-Cache-Control: max-age=1", "O-Status: 503"]
--- pause
1: 2.1
--- response_headers_like eval
["X-Cache: MISS", "X-Cache: STALE\nX-Tier: L1\nAge: [2-9]"]
--- then
like(logged(2)->[1], qr/^s=STALE t=L1 r=\S* a=[2-9] l=-[1-9] /, 'the log');


=== where nothing is cached the variables are empty
--- config
    access_log logs/hc.log hc;

    location / {
        add_header X-Cache "[$hc_cache_status$hc_cache_tier$hc_cache_reason]";
        add_header X-Uri $hc_uri;
        proxy_pass http://origin;
    }
--- request
GET /a%2Fb?c
--- response_headers
X-Cache: []
X-Uri: /a%2Fb?c
--- then
is(logged(1)->[0], 's= t= r= a= l= k= u=/a%2Fb?c l2=;', 'the log');


=== a request refused ahead of the cache has no status of it
--- config
    access_log logs/hc.log hc;

    location / {
        deny all;
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request
GET /a
--- error_code: 403
--- then
like(logged(1)->[0], qr/^s= t= r= a= l= k= u=\/a /, 'the log');


=== add_header sees them all
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        add_header X-All "$hc_cache_status,$hc_cache_tier,$hc_cache_age,$hc_cache_key,$hc_uri";
        proxy_pass http://origin;
    }
--- request eval
["GET /a?b", "GET /a?b"]
--- response_headers eval
["X-All: MISS,origin,,httplocalhost/a?b,/a?b",
 "X-All: HIT,L1,0,httplocalhost/a?b,/a?b"]


=== $hc_cache_key is the key the operator made
--- config
    location / {
        hc_cache pages;
        hc_cache_key "x:$arg_k";
        hc_cache_valid 200 1m;
        add_header X-Key $hc_cache_key;
        proxy_pass http://origin;
    }
--- request eval
["GET /a?k=1", "GET /a?k=1"]
--- response_headers eval
["X-Key: x:1", "X-Key: x:1"]


=== $hc_uri in a key is the target
--- config
    location / {
        hc_cache pages;
        hc_cache_key "$scheme|$host|$hc_uri";
        hc_cache_valid 200 1m;
        add_header X-Key $hc_cache_key;
        proxy_pass http://origin;
    }
--- request eval
["GET /a%2Fb?k=1", "GET /a%2Fb?k=1"]
--- response_headers eval
["X-Key: http|localhost|/a%2Fb?k=1", "X-Key: http|localhost|/a%2Fb?k=1"]


=== variables used early do not freeze
--- config
    access_log logs/hc.log hc;

    location / {
        set $early "$hc_cache_status$hc_cache_tier$hc_cache_key";
        hc_cache pages;
        hc_cache_valid 200 1m;
        add_header X-Early "[$early]";
        add_header X-Cache $hc_cache_status;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- response_headers eval
["X-Early: []\nX-Cache: MISS", "X-Early: []\nX-Cache: HIT"]


=== without hc_cache_l2 there is no $hc_l2_time, with it there is
--- with: redis
--- http_config
    hc_l2 shared {
        server redis://127.0.0.1:$TEST_NGINX_REDIS_PORT;
        timeout 20s;
        connect_timeout 20s;
    }
--- config
    access_log logs/hc.log hc;

    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }

    location /l2/ {
        hc_cache pages;
        hc_cache_l2 shared;
        hc_cache_l1_ttl 0;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /l2/a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS"]
--- then
like(logged(2)->[0], qr/ l2=;$/, 'not asked');
like(logged(2)->[1], qr/ l2=\d\.\d{3};$/, 'asked');

my $answer;

wait_until(sub {
    $answer = http_get('/l2/a');
    return $answer =~ /^X-Cache: HIT/m;
});

like($answer, qr/^X-Tier: L2/m, 'a hit in L2');
like(logged(3)->[-1], qr/^s=HIT t=L2 r= a=\d l=(?:5\d|60) .* l2=\d\.\d{3};$/,
     'in the log');
