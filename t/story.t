# The twelve steps of the tour, in front of the demo's shop: which tier answers,
# and with what.  With a Redis, and without one.

use strict;
use warnings;

use Test::More;

use HC ();
use HC::Nginx;

use File::Basename qw(dirname);
use File::Path qw(make_path);
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();

my $SHOP = dirname($INC{'HC.pm'}) . '/../../demo/shop.py';

my $L2 = <<'END';
    hc_l2 shared { server redis://127.0.0.1:%REDIS%;
                   timeout 20s; connect_timeout 20s; }
END

my $HTTP = <<'END';
    hc_zone zone=pages:8m;

    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;

    geo $local { default 0; 127.0.0.1 1; }

    server {
        listen 127.0.0.1:%PORT%;

        hc_cache pages;

        location / {
            hc_cache_valid 200 1m;
            proxy_pass http://127.0.0.1:%SHOP%;
        }

        location = /api/products {
            hc_cache_args page;
            hc_cache_valid 200 1s;
            proxy_pass http://127.0.0.1:%SHOP%;
        }

        location /api/p/ {
            hc_cache_l2 %STORE%;
            hc_cache_valid 200 1s l2=60s;
            hc_cache_purge $local;
            hc_static %DIR%/static;
            proxy_pass http://127.0.0.1:%SHOP%;
        }

        location = /api/orders {
            hc_cache_l2 %STORE%;
            hc_cache_args page uid;
            hc_cache_valid 200 1m;
            hc_invalidate uri=/api/orders?page=1&uid=$arg_uid;
            proxy_pass http://127.0.0.1:%SHOP%;
        }

        location = /status { hc_cache off; hc_status; }
    }
END


# --- the shop ----------------------------------------------------------------

my $shop_port = HC::free_port();
my $shop;

sub shop_start {
    $shop = fork();
    defined $shop or die "fork: $!";

    if ($shop == 0) {
        open STDOUT, '>', '/dev/null';
        open STDERR, '>&', \*STDOUT;
        exec 'python3', $SHOP, '--port', $shop_port, '--delay', 2
            or POSIX::_exit(127);
    }

    HC::wait_until(sub {
        IO::Socket::INET->new(PeerAddr => "127.0.0.1:$shop_port", Timeout => 1)
    }, 20) or die 'the shop does not answer';
}

sub shop_stop {
    my $pid = $shop or return;

    undef $shop;
    kill TERM => $pid;

    if (!HC::wait_until(sub { waitpid($pid, POSIX::WNOHANG()) != 0 })) {
        kill KILL => $pid;
        waitpid $pid, 0;
    }
}

END {
    my $rc = $?;
    shop_stop();
    $? = $rc;
}


# --- requests ----------------------------------------------------------------

my $nginx;

sub ask {
    my ($method, $uri, %o) = @_;

    my $raw = HC::http_get($uri, method => $method, port => $nginx->port,
                           body => $o{body}, headers => $o{headers});
    my ($head, $body) = split /\r\n\r\n/, $raw, 2;
    $head = '' unless defined $head;

    my ($status) = $head =~ m{^HTTP/1\.1 (\d+)};
    my ($cache) = $head =~ /^X-Cache: (\w+)/m;
    my ($tier) = $head =~ /^X-Tier: (\w+)/m;
    my ($cookie) = $head =~ /^Set-Cookie: ([^;\r]+)/m;

    return {
        status => $status || 0, body => $body, cookie => $cookie || '',
        from => join(' ', $cache || '', $tier || ''),
        json => eval { JSON::PP->new->decode($body) } || {},
    };
}

sub get { return ask('GET', @_) }

sub is_from { is(get($_[0])->{from}, $_[1], $_[2]) }


# Until it comes from there.

sub becomes {
    my ($uri, $from, $name) = @_;

    my $last = '';
    ok(HC::wait_until(sub { ($last = get($uri)->{from}) eq $from }), $name)
        or diag("it is $last");
}


sub story {
    my ($with_redis) = @_;

    my $redis = $with_redis ? HC::redis_start() : { port => 0 };
    my $product = '/api/p/1';
    my $orders = '/api/orders?uid=7&page=1';

    shop_start();

    $nginx = HC::Nginx->start(
        SHOP => $shop_port, REDIS => $redis->{port},
        STORE => $with_redis ? 'shared' : 'off',
        http => ($with_redis ? $L2 : '') . $HTTP);

    make_path($nginx->dir . '/static/api/p');
    HC::Nginx::_write($nginx->dir . '/static/api/p/20.json',
                      qq({"id":20,"about":"closed"}\n));

    # 1 and 2
    my $first = get($product);
    is($first->{from}, 'MISS origin', 'the first read goes to the shop');
    is($first->{json}{id}, 1, 'which has the product');
    my $second = get($product);
    is($second->{from}, 'HIT L1', 'the second comes from memory');
    is($second->{body}, $first->{body}, 'with the same body');

    # 3
    is_from('/', 'MISS origin', 'an HTML page goes to the shop once');
    is_from('/', 'HIT L1', 'and then comes from memory');

    # 4
    if ($with_redis) {
        becomes($product, 'HIT L2', 'what memory has forgotten Redis has');
        is_from($product, 'HIT L1', 'and memory has it again');

    } else {
        becomes($product, 'EXPIRED origin',
                'what memory has forgotten the shop is asked for');
    }

    # 5, 6, 7
    my $put = ask('PUT', $product, body => '{"price": 12.5}');
    is($put->{status}, 200, 'a write passes to the shop');
    is($put->{json}{price}, 12.5, 'which does it');
    my $read = get($product);
    is($read->{from}, 'MISS origin', 'the next read goes to the shop');
    is($read->{json}{price}, 12.5, 'and has the new price');
    $read = get($product);
    is($read->{from}, 'HIT L1', 'the one after it comes from memory');
    is($read->{json}{price}, 12.5, 'with the new price');

    # 8
    my $before = get($orders);
    is($before->{from}, 'MISS origin', 'a list of orders is stored');
    is_from($orders, 'HIT L1', 'and comes from memory');
    my $order = ask('POST', '/api/orders?uid=7', body => '{"uid":7,"sku":3}');
    is($order->{status}, 201, 'an order passes to the shop');
    my $after = get($orders);
    is($after->{from}, 'MISS origin', 'the list it changes is read again');
    is($after->{json}{orders}[0]{id}, $order->{json}{order},
       'and the order comes first');
    is_from($orders, 'HIT L1', 'and is stored again');

    # 9
    my $cookie = ask('POST', '/sign-in?uid=7')->{cookie};
    like($cookie, qr/^sid=\w/, 'a session cookie passes');
    for (1, 2) {
        my $me = get('/api/me', headers => "Cookie: $cookie\r\n");
        is($me->{from}, 'MISS origin', 'what is private is not stored');
        is($me->{json}{uid}, 7, 'and says who somebody is');
    }
    is(get('/api/me')->{status}, 401, 'to nobody else');

    # 10
    get('/api/products?page=1');
    get($product);
    shop_stop();
    is_from('/api/products?page=1', 'HIT L1',
            'the shop is stopped: what is fresh comes from memory');
    becomes('/api/products?page=1', 'STALE L1', 'what is past its time, too');

    if ($with_redis) {
        my $known = get($product)->{from};
        like($known, qr/^HIT L[12]$/, 'a product from memory or Redis');

    } else {
        becomes($product, 'STALE L1', 'a product from memory');
    }

    # 11
    my $file = get('/api/p/20');
    is($file->{from}, 'STATIC static', 'an unknown product is a file');
    is($file->{json}{about}, 'closed', 'with what is in it');
    is(get('/api/p/21')->{status}, 502, 'without a file it is an error');

    # 12
    shop_start();
    is_from('/api/p/20', 'MISS origin', 'the shop is back: it is asked again');
    is_from('/api/p/20', 'HIT L1', 'and memory has it');
    is(ask('PURGE', '/api/p/20')->{status}, 204, 'a purge takes it out');
    is_from('/api/p/20', 'MISS origin', 'so that the shop is asked');

    my $status = $nginx->status;
    cmp_ok($status->{zones}{pages}{hits}, '>=', 8, 'the hits are counted');
    is(scalar keys %{ $status->{l2} }, $with_redis ? 1 : 0,
       'there are as many stores as were configured');

    $nginx->done($with_redis ? 'with Redis' : 'without Redis');
    shop_stop();
    HC::redis_stop($redis) if $with_redis;
}


story(1);
story(0);

done_testing();
