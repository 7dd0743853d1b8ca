# Nothing that belongs to one client gets into Redis, nor out of it to another.

use HC;
use HC::Steps;

our $http_config = <<'_EOC_';
    hc_zone zone=z:8m;
    hc_l2 shared {
        server redis://127.0.0.1:$TEST_NGINX_REDIS_PORT;
        timeout 20s;
        connect_timeout 20s;
    }
    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;
    add_header X-Reason $hc_cache_reason always;
_EOC_

our $config = <<'_EOC_';
    hc_cache z;
    hc_cache_l2 shared;
    hc_cache_valid any 60s;
    hc_cache_l1_ttl 0;
    location / {
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /hidden {
        proxy_hide_header Cache-Control;
        proxy_hide_header Set-Cookie;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /ignore {
        hc_cache_cookies ignore;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
_EOC_

our $TOKEN = 'T0k3nOfOneClient';

our $ALICE = "Authorization: Bearer $TOKEN\r\n";
our $COOKIE = "Cookie: sid=$TOKEN\r\n";


# All of what redis holds, names and values of every type.

sub everything {
    my $reply = redis_command($redis, 'EVAL', <<'_EOC_', 0);
        local all = {}
        for _, key in ipairs(redis.call('KEYS', '*')) do
            all[#all + 1] = key
            all[#all + 1] = redis.call('DUMP', key)
            if redis.call('TYPE', key).ok == 'string' then
                all[#all + 1] = redis.call('GET', key)
            end
        end
        return table.concat(all, '\n')
_EOC_

    return $reply;
}


# Stores something harmless: what was sent to redis before is there then.

my $n = 0;

sub settle {
    $n++;
    get("/harmless$n");
    ok(wait_until(sub { get("/harmless$n")->{tier} eq 'L2' }), 'a control');
}


# Is it the first client's answer, and does another client get it?

sub is_private {
    my ($uri, $name, %o) = @_;

    my $got = get($uri, %o);
    is("$got->{code} $got->{cache}", '200 MISS', "$name: answered");
    settle();
    ok(index(everything(), $TOKEN) < 0, "$name: nothing in redis");
    isnt(get($uri)->{cache}, 'HIT', "$name: not for another client");
}


sub is_shared {
    my ($uri, $name, %o) = @_;

    get($uri, %o);
    settle();
    is(get($uri)->{tier}, 'L2', "$name: for another client");
}


plan('no_plan');
run_tests();

__DATA__

=== an answer to a request with Authorization stays out of redis
--- uses: redis app
--- steps
my $own = "header=X-For:$TOKEN";
is_private('/a', 'no Cache-Control', headers => $ALICE, app => $own);
is_private('/b', 'max-age', headers => $ALICE,
           app => "$own header=Cache-Control:max-age=60");
is_shared('/c', 'the same without Authorization', app => $own);
ok(index(everything(), $TOKEN) > 0, 'and a token would be found');


=== unless it says that it may be shared
--- uses: redis app
--- steps
is_shared("/$_", $_, headers => $ALICE, app => "header=Cache-Control:$_")
    for 'public,max-age=60', 's-maxage=60', 'must-revalidate,max-age=60';
ok(index(everything(), $TOKEN) < 0, 'without the request');


=== what was stored without Authorization is not for a request with it
--- uses: redis app
--- steps
is_shared('/x', 'without');
my $got = get('/x', headers => $ALICE);
isnt($got->{cache}, 'HIT', 'with');
is_shared('/y', 'public', app => 'header=Cache-Control:public,max-age=60');
is(get('/y', headers => $ALICE)->{tier}, 'L2', 'public, with');


=== an answer with Set-Cookie stays out of redis
--- uses: redis app
--- steps
my $own = "header=Set-Cookie:sid=$TOKEN";
is_private('/a', 'Set-Cookie', app => $own);
is_private('/b', 'and max-age', app => "$own header=Cache-Control:max-age=60");
is_private('/hidden', 'proxy_hide_header', app => $own);
is_private('/ignore', 'hc_cache_cookies ignore', app => $own);
is_shared('/c', 'another header', app => "header=X-Cookie:sid=$TOKEN");
ok(index(everything(), $TOKEN) > 0, 'and a token would be found');


=== an answer to a request with Cookie has to say that it may be stored
--- uses: redis app
--- steps
my $own = "header=X-For:$TOKEN";
is_private('/a', 'says nothing', headers => $COOKIE, app => $own);
is_shared('/b', 'max-age', headers => $COOKIE,
          app => 'header=Cache-Control:max-age=60');
is_shared('/ignore', 'hc_cache_cookies ignore', headers => $COOKIE);
ok(index(everything(), $TOKEN) < 0, 'the request is not stored');


=== private, no-store and no-cache stay out of redis
--- uses: redis app
--- steps
for my $cc ('private', 'private,max-age=60', 'no-store', 'no-cache',
            'max-age=60,private=x', 'PRIVATE', 'no-store,public')
{
    is_private("/$cc", $cc, app => "header=X-For:$TOKEN "
                                   . "header=Cache-Control:$cc");
    is_private("/hidden/$cc", "$cc hidden", app => "header=X-For:$TOKEN "
                                   . "header=Cache-Control:$cc");
}
is_shared('/hidden', 'max-age hidden', app => "header=X-For:$TOKEN "
                                   . 'header=Cache-Control:max-age=60');


=== what a write sends and gets stays out of redis
--- uses: redis app
--- steps
for my $method (qw(POST PUT PATCH DELETE)) {
    get('/x', method => $method, body => "password=$TOKEN",
        app => "header=X-For:$TOKEN header=Cache-Control:max-age=60");
}
settle();
ok(index(everything(), $TOKEN) < 0, 'nothing in redis');
ok(index(everything(), 'harmless') > 0, 'where the control is');
