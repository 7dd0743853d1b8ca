# Groups (RFC 9875): an answer says which it is a member of, the answer to a
# write which have changed.

use HC;
use HC::Steps;

our $http_config = <<'_EOC_';
    hc_zone zone=z:8m;
    hc_zone zone=other:8m;
    hc_l2 shared {
        server redis://127.0.0.1:$TEST_NGINX_REDIS_PORT;
        timeout 20s;
        connect_timeout 20s;
    }
    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;
    add_header X-Reason $hc_cache_reason always;
    proxy_read_timeout 20s;
_EOC_

our $config = <<'_EOC_';
    hc_cache z;
    hc_cache_l2 shared;
    hc_cache_valid 600s;
    hc_cache_purge $http_x_purge tag=$http_x_purge_tag;
    location / {
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /l2/ {
        hc_cache_l1_ttl 0;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /tagged/ {
        hc_cache_tag $upstream_http_cache_tag;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /hidden/ {
        hc_cache_tag $upstream_http_cache_tag;
        proxy_hide_header Cache-Groups;
        proxy_hide_header Cache-Group-Invalidation;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /other/ {
        hc_cache other;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /outside {
        hc_cache off;
        hc_invalidate key=none;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
_EOC_


sub prime { get('/no-one', method => 'POST') }


# In both tiers, with these fields of groups (_ for a space).

sub cache {
    my ($uri, $groups, %o) = @_;

    wait_until(sub { status_of(l2 => 'in_flight') == 0 });
    my $before = status_of(l2 => 'stores');

    my $got = get($uri, %o,
                  app => "header=Cache-Groups:$groups " . ($o{app} || ''));

    wait_until(sub { status_of(l2 => 'stores') > $before })
        if $got->{cache} ne 'HIT';
    is(get($uri, host => $o{host} || 'localhost')->{cache}, 'HIT',
       "$uri is cached");
}


# A write whose answer invalidates these.

sub change {
    my ($groups, %o) = @_;

    return get($o{uri} || '/w', method => 'POST', %o,
               app => "header=Cache-Group-Invalidation:$groups "
                      . ($o{app} || ''));
}


sub purge {
    my ($tags, %o) = @_;

    return get('/any', method => 'PURGE', %o,
               headers => "X-Purge: 1\r\nX-Purge-Tag: $tags\r\n");
}


sub kept {
    my ($uri, $why, %o) = @_;
    is(get($uri, %o)->{cache}, 'HIT', "$uri $why");
}


sub gone {
    my ($uri, $why, %o) = @_;
    is(get($uri, %o)->{cache}, 'MISS', "$uri $why");
}


# An answer that is never given without asking, and its 304.

our $asked = 'header=ETag:"v" header=Cache-Control:no-cache,max-age=600';

sub confirmed {
    my ($uri, $why, $fields) = @_;

    my $app = join ' ', 'status=304', $asked, $fields || ();
    is(get($uri, app => $app)->{cache}, 'REVALIDATED', "$uri $why");
}


sub forgotten {
    my ($uri, $why) = @_;
    is(get($uri, app => "status=304 $asked")->{cache}, 'MISS', "$uri $why");
}


plan('no_plan');
run_tests();

__DATA__

=== a write forgets every answer of the group it names, and no other, in L1
--- uses: redis app
--- steps
prime();
cache('/x', '"a"');
cache('/y', '"a",_"b"');
cache('/z', '"b"');
my $got = change('"a"');
is($got->{headers}{'cache-group-invalidation'}, '"a"', 'the client is shown it');
gone($_, 'is a member') for '/x', '/y';
kept('/z', 'is not');


=== and in L2
--- uses: redis app
--- steps
prime();
cache('/l2/x', '"a"');
cache('/l2/y', '"b"');
is(get('/l2/x')->{tier}, 'L2', 'from there');
change('"a"');
gone('/l2/x', 'is a member');
kept('/l2/y', 'is not');


=== a second nginx of the same L2 sees it
--- uses: redis app
--- steps
prime();
cache('/l2/x', '"a"');
cache('/l2/y', '"b"');
my $port = start_node();
change('"a"', port => $port);
gone('/l2/x', 'is a member');
kept('/l2/y', 'is not');


=== an answer from L2 takes its groups to L1
--- uses: redis app
--- steps
prime();
cache('/x', '"a"');
cache('/y', '"b"');
nginx_restart();
is(get($_)->{tier}, 'L2', 'from L2') for '/x', '/y';
is(get($_)->{tier}, 'L1', 'from L1') for '/x', '/y';
change('"a"');
gone('/x', 'is a member');
kept('/y', 'is not');


=== several groups, in several lines, with parameters
--- uses: redis app
--- steps
prime();
cache('/x', '"a";p=1 header=Cache-Groups:"b_c",_"d"');
for my $group ('"a"', '"b_c";q', '"none",_"d"',
               '"none" header=Cache-Group-Invalidation:"a"')
{
    change($group);
    gone('/x', "is a member of $group");
    change('"x"');
    get('/x', method => 'POST');
    cache('/x', '"a";p=1 header=Cache-Groups:"b_c",_"d"');
}
change('"b", "c", "A", "p"' =~ tr/ /_/r);
kept('/x', 'is of no other');


=== a field that cannot be parsed names none
--- uses: redis app
--- steps
prime();
cache('/x', '"a"');
for my $bad ('"a",', 'a', '"a",_b', '"a', '("a")',
             '"a" header=Cache-Group-Invalidation:b')
{
    change($bad);
    kept('/x', "is not of $bad");
}
cache('/y', '"a",_b');
change('"a"');
gone('/x', 'is a member');
kept('/y', 'is of none');


=== a group is of its origin
--- uses: redis app
--- steps
prime();
cache('/x', '"a"');
cache('/x', '"a"', host => 'other');
change('"a"', host => 'other');
kept('/x', 'is on this host');
gone('/x', 'is on the other', host => 'other');
change('"a"', host => 'LocalHost:80');
gone('/x', 'is on the same host');


=== a read, or an error, changes no group
--- uses: redis app
--- steps
prime();
cache('/x', '"a"');
change('"a"', uri => "/r-$_", method => $_) for qw(GET HEAD OPTIONS PROPFIND);
change('"a"', app => "status=$_") for 400, 409, 500, 503;
kept('/x', 'is a member still');
change('"a"', app => 'status=303');
gone('/x', 'is not after a redirect');


=== a tag and a group are two things
--- uses: redis app
--- steps
prime();
cache('/tagged/x', '"a"', app => 'header=Cache-Tag:b');
is(purge('a')->{code}, 204, 'a tag');
change('"b"');
kept('/tagged/x', 'has the tag b, the group a');
change('"a"');
gone('/tagged/x', 'has the group');
cache('/tagged/y', '"a"', app => 'header=Cache-Tag:b');
purge('b');
gone('/tagged/y', 'has the tag');


=== groups and tags of an answer are up to 38
--- uses: redis app
--- steps
prime();
my @groups = map { qq("g$_") } 1 .. 37;
my $most = join ',', @groups;
cache('/tagged/x', $most, app => 'header=Cache-Tag:t');
my $got = get('/tagged/y', app => "header=Cache-Groups:$most header=Cache-Tag:t,u");
is("$got->{code} $got->{reason}", '200 tags', 'one too many');
gone('/tagged/y', 'was not stored');
$got = get('/z', app => 'header=Cache-Groups:"' . 'x' x 1025 . '"');
is("$got->{code} $got->{reason}", '200 tags', 'one too long');
change($most);
gone('/tagged/x', 'is a member of the last');


=== a write names more than fit: the others count
--- uses: redis app
--- http_config eval
"proxy_buffer_size 16k; proxy_buffers 8 16k; large_client_header_buffers 4 16k;\n"
. $main::http_config
--- steps
prime();
cache('/x', '"g1"');
change(join ',', map { qq("g$_") } 1 .. 300);
gone('/x', 'is of the first');
--- error_log
names more to forget than fits


=== fields that are hidden from the client count
--- uses: redis app
--- steps
prime();
cache('/hidden/x', '"a"');
ok(!exists get('/hidden/x')->{headers}{'cache-groups'}, 'hidden');
my $got = change('"a"', uri => '/hidden/w');
ok(!exists $got->{headers}{'cache-group-invalidation'}, 'hidden');
gone('/hidden/x', 'is a member');


=== a zone is asked for its own, and all where nothing is cached
--- uses: redis app
--- steps
prime();
cache($_, '"a"') for '/x', '/other/x';
change('"a"', uri => '/other/w');
kept('/x', 'is in another zone');
gone('/other/x', 'is in the zone of the write');
get('/other/x', method => 'POST');
cache('/other/x', '"a"');
change('"a"', uri => '/outside');
gone($_, 'is in a zone') for '/x', '/other/x';


=== a fill that the write overtook is not stored
--- uses: redis app
--- steps
prime();
my @fills = (begin_fill('/x', 'header=Cache-Groups:"a"'),
             begin_fill('/l2/x', 'header=Cache-Groups:"a"'),
             begin_fill('/y', 'header=Cache-Groups:"b"'));
change('"a"');
my @got = map { finish_fill($_) } @fills;
is(join(' ', map { $_->{code} } @got), '200 200 200', 'answered');
gone($_, 'is older') for '/x', '/l2/x';
kept('/y', 'is of another group');


=== a 304 without groups leaves those of the answer it confirms
--- uses: redis app
--- steps
prime();
for my $uri ('/x', '/tagged/x', '/hidden/x') {
    get($uri, app => "$asked header=Cache-Groups:\"a\"");
    confirmed($uri, 'is confirmed');
    confirmed($uri, 'and again');
    change('"a"');
    forgotten($uri, 'is a member');
}


=== also when it names tags
--- uses: redis app
--- steps
prime();
for my $uri ('/tagged/x', '/hidden/x') {
    get($uri, app => "$asked header=Cache-Groups:\"a\" header=Cache-Tag:s");
    confirmed($uri, 'is confirmed', 'header=Cache-Tag:t');
    change('"a"');
    forgotten($uri, 'is a member');
    get($uri, app => "$asked header=Cache-Groups:\"a\" header=Cache-Tag:s");
    confirmed($uri, 'is confirmed', 'header=Cache-Tag:t');
    purge('t');
    forgotten($uri, 'has the tag');
}


=== a 304 with groups replaces them, and leaves the tags
--- uses: redis app
--- steps
prime();
get('/x', app => "$asked header=Cache-Groups:\"a\"");
confirmed('/x', 'is confirmed', 'header=Cache-Groups:"b"');
change('"a"');
confirmed('/x', 'is no member any more');
change('"b"');
forgotten('/x', 'is a member');
get('/tagged/x', app => "$asked header=Cache-Groups:\"a\" header=Cache-Tag:t");
confirmed('/tagged/x', 'is confirmed', 'header=Cache-Groups:"b"');
purge('t');
forgotten('/tagged/x', 'has the tag');
