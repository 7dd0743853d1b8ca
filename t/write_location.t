# What the answer to a write names as changed: Location and Content-Location
# of the same origin, as the client would ask for them.

use HC;
use HC::Steps;

our $http_config = <<'_EOC_';
    hc_zone zone=z:8m;
    hc_l2 shared {
        server redis://127.0.0.1:$TEST_NGINX_REDIS_PORT;
        timeout 20s;
        connect_timeout 20s;
    }
    upstream app {
        server 127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;
    add_header X-Reason $hc_cache_reason always;
    proxy_read_timeout 20s;
_EOC_

our $config = <<'_EOC_';
    hc_cache z;
    hc_cache_l2 shared;
    hc_cache_valid 60s;
    location / {
        proxy_pass http://app;
    }
    location /l2/ {
        hc_cache_l1_ttl 0;
        proxy_pass http://app;
    }
    location /raw/ {
        proxy_redirect off;
        proxy_pass http://app;
    }
    location /hidden/ {
        proxy_hide_header Location;
        proxy_hide_header Content-Location;
        proxy_pass http://app;
    }
    location /mapped/ {
        proxy_redirect http://inner/ /;
        proxy_redirect http://localhost/old/ /new/;
        proxy_redirect /i/ /outer/;
        proxy_redirect /inner/ /o/;
        proxy_redirect /left/ /done/;
        proxy_pass http://app;
    }
    location /replaced/ {
        proxy_intercept_errors on;
        error_page 302 404 = @other;
        proxy_pass http://app;
    }
    location @other {
        hc_cache off;
        proxy_method GET;
        proxy_set_header X-App "header=Location:/wrong";
        proxy_pass http://app;
    }
    location /outside/ {
        hc_cache off;
        hc_invalidate key=none;
        proxy_pass http://app;
    }
    location /no-module/ {
        hc_cache off;
        proxy_pass http://app;
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
_EOC_


# The first invalidation of all makes the versions in redis, and everything
# older is forgotten with it; that must not stand in for what is tested.

sub prime {
    get('/no-one', method => 'POST');
    is(redis_command($redis, 'EXISTS', 'hc:versions'), ":1\r\n", 'versions');
}


# Puts an answer into L1 and L2, if it is not there.

sub cache {
    my ($uri, %o) = @_;

    wait_until(sub { status_of(l2 => 'in_flight') == 0 });
    my $before = status_of(l2 => 'stores');

    if (get($uri, %o)->{cache} ne 'HIT') {
        wait_until(sub { status_of(l2 => 'stores') > $before })
            or fail("$uri is stored in L2");
    }

    kept($uri, 'is cached', %o);
}


sub kept {
    my ($uri, $why, %o) = @_;

    is(get($uri, %o)->{cache}, 'HIT', "$uri $why");
}


sub gone {
    my ($uri, $why, %o) = @_;

    my $got = get($uri, %o);

    is("$got->{cache} $got->{body}",
       'MISS value=' . $app->value . " target=$uri\n", "$uri $why");
}


# A write whose answer has these fields, words as HC::Told wants them.

sub write_to {
    my ($uri, $fields, %o) = @_;

    return get($uri, method => 'POST', app => $fields, %o);
}


plan('no_plan');
run_tests();

__DATA__

=== a write makes forgotten what Location and Content-Location name
--- uses: redis app
--- steps
prime();
for my $field (qw(Location Content-Location)) {
    for my $method (qw(POST PUT DELETE WHATEVER)) {
        my @uris = ('/x', '/l2/x');
        cache($_) for @uris, '/y';
        for my $uri (@uris) {
            my $got = get('/w', method => $method, app => "header=$field:$uri");
            is($got->{headers}{lc $field} =~ s{^http://[^/]+}{}r, $uri,
               'the client is shown it');
            gone($uri, "after $method with $field");
        }
        kept('/y', 'was not named');
    }
}


=== both at once, beside the own target and what hc_invalidate names
--- uses: redis app
--- config eval
(my $c = $main::config) =~ s{location / \{}{$&\nhc_invalidate uri=/d;}; $c
--- steps
prime();
cache($_) for '/a', '/b', '/c', '/d', '/e';
write_to('/c', 'status=201 header=Location:/a header=Content-Location:/b');
gone($_, 'was changed') for '/a', '/b', '/c', '/d';
kept('/e', 'was not');


=== a redirect as well as a success
--- uses: redis app
--- steps
prime();
for my $status (200, 201, 202, 204, 301, 302, 303, 307, 308) {
    cache('/x');
    write_to('/w', "status=$status header=Location:/x");
    gone('/x', "after $status");
}


=== an error names nothing
--- uses: redis app
--- steps
prime();
cache('/x');
for my $status (400, 404, 409, 500, 503) {
    write_to('/w', "status=$status header=Location:/x header=Content-Location:/x");
    kept('/x', "after $status");
}
write_to('/w', 'header=Location:/x');
gone('/x', 'after 200');


=== a read names nothing
--- uses: redis app
--- steps
prime();
cache('/x');
for my $method (qw(GET HEAD OPTIONS PROPFIND)) {
    get("/r-$method", method => $method,
        app => 'header=Location:/x header=Content-Location:/x');
    kept('/x', "after $method");
}
write_to('/w', 'header=Location:/x');
gone('/x', 'after POST');


=== nor does another field
--- uses: redis app
--- steps
prime();
cache('/x');
write_to('/w', 'header=Refresh:0;_url=/x header=Link:</x> header=X-Location:/x');
kept('/x', 'is no location');
write_to('/w', 'header=Content-Location:/x');
gone('/x', 'is one');


=== a relative reference counts from the target of the write
--- uses: redis app
--- steps
prime();
for (['/a/b/w', 'x', '/a/b/x'], ['/a/b/w', '../x?q=1', '/a/x?q=1'],
     ['/a/b/w?q', '?page=2', '/a/b/w?page=2'], ['/a/b/w', './', '/a/b/'],
     ['/a/b/w', '/x#fragment', '/x'])
{
    my ($to, $reference, $uri) = @$_;
    cache($uri);
    write_to($to, "header=Content-Location:$reference");
    gone($uri, "is $reference from $to");
}


=== an absolute one of the host and port that the client asked counts
--- uses: redis app
--- steps
prime();
for (['localhost', 'http://localhost/x'], ['localhost', 'http://LOCALHOST:80/x'],
     ['localhost', '//localhost/x'], ['localhost:8080', 'http://localhost:8080/x'])
{
    my ($host, $reference) = @$_;
    for my $field (qw(Location Content-Location)) {
        cache('/x', host => $host);
        write_to('/raw/w', "header=$field:$reference", host => $host);
        gone('/x', "is $reference", host => $host);
    }
}


=== one of another origin does not
--- uses: redis app
--- steps
prime();
cache('/x');
for my $reference ('http://other/x', '//other/x', 'https://localhost/x',
                   'http://localhost:8080/x', 'http://user@localhost/x',
                   'http://localhost.other/x', 'ftp://localhost/x', 'http:x',
                   '\\\\localhost/x', '/%zz/../x')
{
    for my $field (qw(Location Content-Location)) {
        write_to('/w', "header=$field:$reference");
        kept('/x', "is not $reference");
    }
}
write_to('/w', 'header=Location:http://localhost/x');
gone('/x', 'is of this one');


=== it names the target of the host that was asked only
--- uses: redis app
--- steps
prime();
cache('/x');
cache('/x', host => 'other');
write_to('/w', 'header=Location:/x', host => 'other');
kept('/x', 'is on this host');
gone('/x', 'is on the other', host => 'other');


=== with a target in absolute form its host counts, not Host
--- uses: redis app
--- steps
prime();
cache('/x');
cache('/x', host => 'other');
my $at = 'http://other/w';
get($at, method => 'POST', app => 'header=Content-Location:http://localhost/x');
kept('/x', 'is of another origin', host => $_) for 'localhost', 'other';
get($at, method => 'POST', app => 'header=Content-Location:http://other/x');
kept('/x', 'is of another origin');
gone('/x', 'is of this', host => 'other');


=== however the target is spelled
--- uses: redis app
--- steps
prime();
for (['/x?a=1&b=2', '/x?b=2&a=1'], ['/a-b', '/a%2Db'], ['/%61bc', '/abc'],
     ['/f//x', '/f///x'], ['/f/x', '//localhost//f//x?'], ['/e/../x', '/x'])
{
    my ($uri, $reference) = @$_;
    cache($uri);
    write_to('/w', "header=Content-Location:$reference");
    gone($uri, "is $reference");
}


=== the app's own host counts as proxy_redirect takes it for ours
--- uses: redis app
--- steps
prime();
for my $field (qw(Location Content-Location)) {
    cache($_) for '/x', '/y';
    write_to('/w', "header=$field:http://app/x");
    gone('/x', "in $field");
    write_to('/raw/w', "header=$field:http://app/y");
    kept('/y', 'is of another origin where nothing is rewritten');
}


=== a longer and a shorter one as it is rewritten
--- uses: redis app
--- steps
prime();
for my $field (qw(Location Content-Location)) {
    for (['http://inner/x', '/x'], ['/i/x', '/outer/x'], ['/inner/x', '/o/x'],
         ['/left/x', '/done/x'])
    {
        my ($reference, $uri) = @$_;
        cache($uri);
        my $got = write_to('/mapped/w', "header=$field:$reference");
        gone($uri, "is $reference rewritten");
        is($got->{headers}{'content-location'}, $reference, 'not for the client')
            if $field eq 'Content-Location';
    }
}


=== and as the app said it, if that was relative
--- uses: redis app
--- steps
prime();
for my $field (qw(Location Content-Location)) {
    cache($_) for '/i/x', '/inner/x', '/left/x', '/old/x', '/new/x';
    for my $uri ('/i/x', '/inner/x', '/left/x') {
        write_to('/mapped/w', "header=$field:$uri");
        gone($uri, "in $field");
    }
    write_to('/mapped/w', "header=$field:http://localhost/old/x");
    kept('/old/x', 'was replaced');
    gone('/new/x', 'stands for it');
}


=== fields that are hidden from the client count
--- uses: redis app
--- steps
prime();
for my $field (qw(Location Content-Location)) {
    for my $reference ('/x', 'http://app/x') {
        cache('/x');
        my $got = write_to('/hidden/w', "header=$field:$reference");
        ok(!exists $got->{headers}{lc $field}, 'hidden');
        gone('/x', "is $reference in $field");
    }
}


=== the write's own answer counts when another stands in for it
--- uses: redis app
--- steps
prime();
cache($_) for '/x', '/y', '/wrong';
write_to('/replaced/w', 'status=302 header=Location:/x header=Content-Location:/y');
gone($_, 'was named') for '/x', '/y';
kept('/wrong', 'is named by the other answer');
cache($_) for '/x';
write_to('/replaced/w', 'status=404 header=Location:/x');
kept('/x', 'was refused');
kept('/wrong', 'still');


=== where nothing is cached hc_invalidate makes it count
--- uses: redis app
--- steps
prime();
cache($_) for '/x', '/y';
write_to('/outside/w', 'header=Location:/x');
gone('/x', 'was named');
write_to('/no-module/w', 'header=Location:/y');
kept('/y', 'the write is none of ours');


=== a fill that the write overtook is not stored
--- uses: redis app
--- steps
prime();
my @fills = map { begin_fill($_) } '/x', '/l2/x', '/y';
write_to('/w', 'header=Location:/x header=Content-Location:/l2/x');
finish_fill($_) for @fills;
gone($_, 'is older') for '/x', '/l2/x';
kept('/y', 'was not named');
