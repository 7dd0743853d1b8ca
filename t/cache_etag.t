# hc_cache_etag: an entity tag made of the body.

# where nobody asks for it, nobody is there
BEGIN { $ENV{TEST_NGINX_REDIS_PORT} ||= 1 }

use HC;
use HC::Steps;

our $http_config = <<'_EOC_';
    hc_zone zone=z:4m;
    hc_l2 shared {
        server redis://127.0.0.1:$TEST_NGINX_REDIS_PORT;
        timeout 20s;
        connect_timeout 20s;
    }
    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;
    proxy_read_timeout 20s;
_EOC_

our $config = <<'_EOC_';
    hc_cache z;
    hc_cache_valid 200 301 404 60s;
    location / {
        hc_cache_etag on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /off {
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /l2 {
        hc_cache_etag on;
        hc_cache_l2 shared;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /zipped {
        hc_cache_etag on;
        gzip on;
        gzip_min_length 1;
        gzip_types text/plain;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
_EOC_


# the tag of a hit

sub tag_of {
    my ($uri, $words) = @_;

    get($uri, app => $words || 'body=one');

    return get($uri)->{headers}{etag};
}


plan('no_plan');
run_tests();

__DATA__

=== an answer without a tag is given one that is strong
--- uses: app
--- steps
like(tag_of('/x'), qr/^"[0-9a-f]{32}"$/, 'a tag');


=== a client can ask with it
--- uses: app
--- steps
my $tag = tag_of('/x');
my $got = get('/x', headers => "If-None-Match: $tag\r\n");
is("$got->{code} $got->{cache} $got->{body}", '304 HIT ', 'the same');
is(get('/x', headers => qq(If-None-Match: "other"\r\n))->{code}, 200, 'another');
is(scalar($app->requests), 1, 'the app was asked once');


=== the same body has the same tag, and another has another
--- uses: app
--- steps
is(tag_of('/a', 'body=one'), tag_of('/b', 'body=one'), 'the same');
isnt(tag_of('/a', 'body=one'), tag_of('/c', 'body=two'), 'another');
isnt(tag_of('/a', 'body=one'), tag_of('/d', 'body=onf'), 'one byte');


=== an empty body has one, too
--- uses: app
--- steps
like(tag_of('/x', 'size=0 status=200'), qr/^"[0-9a-f]{32}"$/, 'a tag');


=== a range of what it was made for is given, of another all of it
--- uses: app
--- steps
my $tag = tag_of('/x');
my $got = get('/x', headers => "Range: bytes=1-1\r\nIf-Range: $tag\r\n");
is("$got->{code} $got->{body}", '206 n', 'the same');
$got = get('/x', headers => qq(Range: bytes=1-1\r\nIf-Range: "other"\r\n));
is("$got->{code} $got->{body}", "200 one\n", 'another');


=== a tag of the app's own stays
--- uses: app
--- steps
is(tag_of('/x', 'body=one header=ETag:"mine"'), '"mine"', 'the tag');


=== a weak tag of the app's own stays
--- uses: app
--- steps
is(tag_of('/x', 'body=one header=ETag:W/"mine"'), 'W/"mine"', 'the tag');


=== only a 200 is given one
--- uses: app
--- steps
is(tag_of('/x', 'status=404'), undef, 'not a 404');
is(tag_of('/y', 'status=301 header=Location:/z'), undef, 'nor a redirect');


=== off by default
--- uses: app
--- steps
is(tag_of('/off'), undef, 'none');


=== what gzip encodes for a client has a weak one
--- uses: app
--- steps
my $tag = tag_of('/zipped');
my $got = get('/zipped', headers => "Accept-Encoding: gzip\r\n");
is("$got->{headers}{'content-encoding'} $got->{headers}{etag}", "gzip W/$tag", 'weak');


=== it is the same on every node, and in Redis
--- uses: app redis
--- steps
my $tag = tag_of('/l2');
ok(l2_stored($redis), 'stored');
nginx_restart();
my $got = get('/l2');
is("$got->{tier} $got->{headers}{etag}", "L2 $tag", 'from Redis');
is(tag_of('/x'), $tag, 'made anew');
