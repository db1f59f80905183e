# What the documentation shows, as it is typed: two shells that talk, and Ctrl-C.

test_one_shell_receives_what_the_other_sends() {
  fairlead receive unix://inbox --count 3 > received &
  seq 1 3 | fairlead send unix://inbox - --wait 30s
  wait $!
  equal "$(seq 1 3)" "$(cat received)"
}

test_a_free_port_is_told_before_anybody_can_connect() {
  fairlead receive tcp://127.0.0.1:0 --count 3 > received 2> place & local receiver=$!
  line_in place '^listening on tcp://127.0.0.1:[1-9]'
  seq 1 3 | fairlead send "$(sed 's/^listening on //' place)" -
  wait $receiver
  equal "$(seq 1 3)" "$(cat received)"
}

test_ctrl_c_ends_a_receiver_and_gives_its_name_back() {
  fairlead receive unix://inbox --verbose 2> place & local receiver=$!
  line_in place '^listening on '
  kill -INT $receiver
  exits 130 wait $receiver
  equal '' "$(fairlead list --output text)"
  fairlead receive unix://inbox --timeout 1ms 2> err || equal 124 $?
}

test_the_tour_is_intact() {
  exits 0 fairlead tour --output json
  equal 0 "$(grep -vc '"intact":true' out)"
  equal '' "$(cat err)"
}
