# A write while Redis does not answer: its client waits no longer than the
# timeout, and what Redis still holds is not believed until it was told.

use HC;
use HC::Steps;

our $http_config = <<'_EOC_';
    hc_zone zone=z:8m;
    hc_l2 shared {
        server redis://127.0.0.1:$TEST_NGINX_REDIS_PORT;
        timeout 200ms;
        connect_timeout 200ms;
    }
    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;
    add_header X-Reason $hc_cache_reason always;
_EOC_

our $config = <<'_EOC_';
    hc_cache z;
    hc_cache_l2 shared;
    hc_cache_valid 60s;
    hc_cache_l1_ttl 0;
    location / {
        hc_cache_purge $http_x_purge;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /l1/ {
        hc_cache_l1_ttl 60s;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
    location /many/ {
        hc_invalidate MANY;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
_EOC_

# with its own target a write there concerns 32

our $many = join ' ', map { "uri=/m$_\$arg_n" } 1 .. 31;
$config =~ s/MANY/$many/;

# s: later than a busy machine makes it, sooner than who waits for ever

our $SOON = 8;


sub prime { get('/no-one', method => 'POST') }


sub cache {
    my ($uri) = @_;

    ok(wait_until(sub { get($uri)->{cache} eq 'HIT' }), "$uri is cached");
}


# A write that Redis has acknowledged: on a busy machine not the first one.

sub write_acknowledged {
    my ($uri) = @_;

    ok(wait_until(sub {
        my $before = status_of(l2 => 'untold');
        get($uri, method => 'POST');
        status_of(l2 => 'untold') == $before;
    }), 'a write is acknowledged');
}


# Reads for a while, until $true of an answer; the values that were seen.

sub values_until {
    my ($uri, $true, $seconds) = @_;
    my %seen;

    wait_until(sub {
        my $got = get($uri);
        $seen{$1}++ if $got->{body} =~ /^value=(\d+)/;
        $true->($got);
    }, $seconds) or fail("$uri gets there");

    return join ',', sort keys %seen;
}


# A worker whose connection is not back yet asks the app, and what it gets is
# stored: so of several untouched values one that is still used will do.

our @OTHERS = map { "/y$_" } 1 .. 8;

sub others_are_kept {
    ok(scalar(grep {
        my $got = get($_);
        $got->{tier} eq 'L2' && $got->{body} =~ /^value=1 /
    } @OTHERS), 'what was not written to is used');
}


# As after a crash of its machine: what was saved last, and the same port.

sub crash_and_come_back {
    my (%o) = @_;

    my $old = $redis;
    redis_kill($old);
    $o{meanwhile}->() if $o{meanwhile};

    $redis = redis_start(port => $old->{port}, args => ['--dir', $old->{dir}]);
    redis_stop($old);               # what it left behind
}


sub save { like(redis_command($redis, 'SAVE'), qr/^\+OK/, 'saved') }


plan('no_plan');
run_tests();

__DATA__

=== a frozen redis holds the answer of a write for the timeout at most
--- uses: redis app
--- steps
prime();
cache('/x');
redis_freeze($redis);
my $untold = status_of(l2 => 'untold');
my $got = get('/x', method => 'POST', app => 'size=70000');
is($got->{code}, 200, 'answered');
is(length $got->{body}, 70_000, 'whole');
cmp_ok($got->{time}, '<', $SOON, 'in time');
is(status_of(l2 => 'untold'), $untold + 1, 'counted');
is(get('/x')->{body}, "value=2 target=/x\n", 'the app answers');
redis_thaw($redis);


=== a redis that thaws after a write does not bring the old value back
--- uses: redis app
--- steps
prime();
cache('/x');
cache($_) for @OTHERS;
redis_freeze($redis);
get('/x', method => 'POST');
is(values_until('/x', sub { 1 }), 2, 'while it is frozen');
redis_thaw($redis);
is(values_until('/x', sub { $_[0]{tier} eq 'L2' }), 2, 'when it thaws');
others_are_kept();


=== several writes that a frozen redis missed are all told
--- uses: redis app
--- steps
prime();
cache("/x$_") for 1 .. 4;
cache($_) for @OTHERS;
redis_freeze($redis);
my @sent = map { send_get("/x$_", method => 'POST') } 1 .. 4;
cmp_ok(read_answer($_)->{time}, '<', $SOON, 'in time') for @sent;
my $value = $app->value;
redis_thaw($redis);
is(values_until("/x$_", sub { $_[0]{tier} eq 'L2' }), $value, "/x$_ is new")
    for 1 .. 4;
others_are_kept();


=== a stopped redis does not hold a write, and learns of it when it is back
--- uses: redis app
--- steps
prime();
cache('/x');
cache($_) for @OTHERS;
save();
crash_and_come_back(meanwhile => sub {
    my $got = get('/x', method => 'POST');
    is($got->{code}, 200, 'answered');
    cmp_ok($got->{time}, '<', $SOON, 'in time');
    cmp_ok(status_of(l2 => 'untold'), '>=', 1, 'counted');
});
ok(scalar(grep { redis_bulk($redis, $_) =~ m{value=1 target=/x\n} }
          redis_keys($redis)), 'the old value is there');
is(values_until('/x', sub { $_[0]{tier} eq 'L2' }), 2, 'and not used');
others_are_kept();


=== a redis that is back is told even if nobody reads from it
--- uses: redis app
--- steps
prime();
cache('/x');
save();
my $before = redis_bulk($redis, 'hc:versions');
crash_and_come_back(meanwhile => sub { get('/x', method => 'POST') });
ok(wait_until(sub { redis_bulk($redis, 'hc:versions') ne $before }),
   'its versions move');


=== a write while redis refuses commands is told later
--- uses: redis app
--- steps
prime();
cache('/x');
redis_command($redis, qw(CONFIG SET min-replicas-to-write 1));
my $untold = status_of(l2 => 'untold');
my $got = get('/x', method => 'POST');
is($got->{code}, 200, 'answered');
is(status_of(l2 => 'untold'), $untold + 1, 'counted');
is(values_until('/x', sub { 1 }), 2, 'not believed');
redis_command($redis, qw(CONFIG SET min-replicas-to-write 0));
is(values_until('/x', sub { $_[0]{tier} eq 'L2' }), 2, 'nor later');


=== a PURGE that redis missed is told later
--- uses: redis app
--- steps
prime();
cache('/x');
redis_freeze($redis);
$app->clear;
my $got = get('/x', method => 'PURGE', headers => "X-Purge: 1\r\n");
is($got->{code}, 204, 'answered');
cmp_ok($got->{time}, '<', $SOON, 'in time');
redis_thaw($redis);
is(values_until('/x', sub { $_[0]{tier} eq 'L2' }), 0, 'the old one is gone');


=== a redis that lost its versions is not believed
--- uses: redis app
--- steps
cache('/x');
save();
get('/x', method => 'POST');
is(values_until('/x', sub { $_[0]{tier} eq 'L2' }), 1, 'the new one');
crash_and_come_back();
ok(scalar(grep { redis_bulk($redis, $_) =~ /value=0/ } redis_keys($redis)),
   'the old value is back');
is(values_until('/x', sub { $_[0]{tier} eq 'L2' }), 1, 'and not used');


=== FLUSHALL during a write loses nothing but hits
--- uses: redis app
--- steps
prime();
cache('/x');
redis_command($redis, 'FLUSHALL');
get('/x', method => 'POST');
is(values_until('/x', sub { $_[0]{tier} eq 'L2' }), 2, 'the new one');
redis_command($redis, 'FLUSHALL');
is(values_until('/x', sub { $_[0]{tier} eq 'L2' }), 2, 'again');


=== a redis that comes back older than a write it acknowledged is not believed
--- uses: redis app
--- steps
prime();
cache('/x');
save();
write_acknowledged('/x');
my $new = $app->value;
crash_and_come_back();
ok(scalar(grep { redis_bulk($redis, $_) =~ /value=1/ } redis_keys($redis)),
   'the old value is back');
is(values_until('/x', sub { $_[0]{tier} eq 'L2' }), $new, 'and not used');


=== nor when a write reaches it before any read does
--- uses: redis app
--- steps
prime();
cache('/x');
save();
write_acknowledged('/x');
crash_and_come_back();
write_acknowledged('/another');
unlike(values_until('/x', sub { $_[0]{tier} eq 'L2' }), qr/\b1\b/,
       'the old value is not used');


=== a redis that missed as much as is remembered is told, and no more
--- uses: redis app
--- steps
prime();
cache('/m1x7');
cache($_) for @OTHERS;
my @pids = worker_pids();
save();
crash_and_come_back(meanwhile => sub {
    get("/many/?n=x$_", method => 'POST') for 1 .. 32;
});
unlike(values_until('/m1x7', sub { $_[0]{tier} eq 'L2' }), qr/\b1\b/,
       'what it missed is not used');
others_are_kept();
is_deeply([worker_pids()], \@pids, 'no worker died of it');


=== a redis that missed more than that is believed nothing
--- uses: redis app
--- steps
prime();
cache('/x');
my @pids = worker_pids();
save();
crash_and_come_back(meanwhile => sub {
    get("/many/?n=x$_", method => 'POST') for 1 .. 40;
});
unlike(values_until('/x', sub { $_[0]{tier} eq 'L2' }), qr/\b1\b/,
       'not even what no write concerned');
is_deeply([worker_pids()], \@pids, 'no worker died of it');


=== what redis missed is told by the workers of after a reload
--- uses: redis app
--- steps
prime();
cache('/x');
redis_freeze($redis);
get('/x', method => 'POST');
cmp_ok(status_of(l2 => 'untold'), '>', 0, 'not told');
my @old = worker_pids();
kill HUP => master_pid();
ok(wait_until(sub {
    my %now = map { $_ => 1 } worker_pids();
    !grep { $now{$_} } @old;
}, 15), 'the old workers are gone');
redis_thaw($redis);
my $told = sub {
    redis_command($redis, 'BITFIELD_RO', 'hc:versions', 'GET', 'u32', '#2')
        =~ /:(\d+)/ ? $1 : 0;
};
ok(wait_until(sub { $told->() >= 2 }), 'told, though nobody reads');


=== L1 goes on while redis is frozen
--- uses: redis app
--- steps
prime();
get('/l1/x');
is(get('/l1/x')->{tier}, 'L1', 'in L1');
redis_freeze($redis);
get('/l1/x', method => 'POST');
my $got = get('/l1/x');
is($got->{body}, "value=2 target=/l1/x\n", 'the new value');
is(get('/l1/x')->{tier}, 'L1', 'in L1');
redis_thaw($redis);
