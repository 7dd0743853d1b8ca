# nginx starts with the module, with a master and two workers, and stops.

use HC;

plan('no_plan');
run_tests();

__DATA__

=== nginx answers with the module loaded
--- config
    location = /x {
        return 200 "here\n";
    }
--- request
GET /x
--- response_body
here
