# What the documentation shows, as it is typed: two shells that talk, and Ctrl-C.

test_one_shell_receives_what_the_other_sends() {
  fairlead receive unix://inbox --count 3 > received &
  seq 1 3 | fairlead send unix://inbox - --wait 30s
  wait $!
  equal "$(seq 1 3)" "$(cat received)"
}

test_a_free_port_is_printed_before_clients_can_connect() {
  fairlead receive tcp://127.0.0.1:0 --count 3 > received 2> place & local receiver=$!
  line_in place '^listening on tcp://127.0.0.1:[1-9]'
  seq 1 3 | fairlead send "$(sed 's/^listening on //' place)" -
  wait $receiver
  equal "$(seq 1 3)" "$(cat received)"
}

test_ctrl_c_ends_a_receiver_and_releases_its_name() {
  fairlead receive unix://inbox --verbose 2> place & local receiver=$!
  line_in place '^listening on '
  kill -INT $receiver
  exits 130 wait $receiver
  equal '' "$(fairlead list --output text)"
  fairlead receive unix://inbox --timeout 1ms 2> err || equal 124 $?
}

test_a_survey_asks_all_responders_and_they_reconnect() {
  fairlead reply unix://nodes --connect --wait 1m --reconnect infinite --verbose --exec 'echo Ann' 2> ann &
  fairlead reply unix://nodes --connect --wait 1m --reconnect infinite --verbose --exec 'echo Bob' 2> bob &
  exits 0 fairlead survey unix://nodes 'who?' --count 2 --timeout 1m
  equal "$(printf 'Ann\nBob')" "$(sort out)"
  line_in ann 'connection lost'
  line_in bob 'connection lost'
  exits 0 fairlead survey unix://nodes 'who?' --count 2 --timeout 1m --output json
  contains "$(cat out)" '"text":"Ann"'
  contains "$(cat out)" '"pid":'
  line_in ann 'reconnected'
}

test_survey_exits_124_without_a_reply() {
  exits 124 fairlead survey unix://nobody 'who?' --timeout 50ms
  contains "$(cat err)" 'no responder replied within 50 ms'
}

test_another_pusher_hosts_the_queue_when_the_host_is_killed() {
  mkfifo a b
  fairlead work push unix://jobs - --verbose < a 2> host & local host=$!
  exec 3> a
  line_in host '^listening on '
  fairlead work push unix://jobs - --verbose < b 2> other & local other=$!
  exec 4> b
  line_in other '^connected to '
  kill -KILL $host
  seq 3 >&4
  exec 4>&-
  line_in other '^listening on '
  equal "$(seq 3)" "$(fairlead work pull unix://jobs --count 3)"
  wait $other
  equal '' "$(fairlead list --output text)"
}

# Each says when it is inside; of the third that is killed it is said before, by who kills it.
test_a_semaphore_admits_three_of_thirty_although_a_third_is_killed() {
  local others=() victims=() killed=0 what pid code
  touch said
  for _ in {1..10}; do
    fairlead semaphore slots --permits 3 -- sh -c 'echo "victim $PPID" >> said; exec sleep 600' & victims+=($!)
    fairlead semaphore slots --permits 3 -- sh -c 'echo in >> said; seq 5000 > /dev/null; echo out >> said' & others+=($!)
    fairlead semaphore slots --permits 3 -- sh -c 'echo in >> said; seq 5000 > /dev/null; echo out >> said' & others+=($!)
  done
  while [ $killed -lt 10 ] && read -r what pid; do
    [ "$what" = victim ] || continue
    echo out >> said
    kill -KILL "$pid"
    killed=$((killed + 1))
  done < <(tail -n +1 -f said)
  for pid in "${victims[@]}"; do code=0; wait "$pid" || code=$?; equal 137 $code; done
  for pid in "${others[@]}"; do wait "$pid"; done
  equal '30 30' "$(awk '/out/ { left++; next } { entered++; if (entered - left > 3) print "too many" } END { print entered, left }' said)"
  exits 0 fairlead semaphore slots --permits 3 --nonblock -- true
}

test_one_event_releases_ten_waiters() {
  local waiters=() pid
  for _ in {1..10}; do fairlead event wait go --timeout 50s & waiters+=($!); done
  until [ "$(fairlead locks --output text | grep -c $'\twaits\t')" -eq 10 ]; do :; done
  exits 0 fairlead event set go
  for pid in "${waiters[@]}"; do wait "$pid"; done
  exits 0 fairlead event clear go
  exits 124 fairlead event wait go --timeout 10ms
}

test_a_process_group_is_ended() {
  setsid sh -c 'trap : TERM; (echo one; exec sleep 600) & (echo two; exec sleep 600) & echo $$; wait; wait; echo ended' > group &

  # When each has spoken it has no trap any more, as the shell that it was forked from has.
  line_in group '^one$'; line_in group '^two$'; line_in group '^[0-9]'
  local group; group=$(grep '^[0-9]' group)
  exits 0 fairlead signal --group --probe "$group"
  equal "$group@" "$(sed 's/@.*/@/' out)"
  exits 0 fairlead signal --group "$(sed 's/[[:space:]].*//' out)" TERM

  # Its shell has caught it, and waited for both others.
  line_in group '^ended$'
}

test_a_reused_process_number_is_refused() {
  sleep 600 & local sleeper=$!
  # The shell forks, and becomes it a moment later.
  until grep -qx sleep "/proc/$sleeper/comm"; do sleep 0.02; done
  exits 3 fairlead signal "$sleeper@1" KILL
  contains "$(cat err)" "its number now belongs to"
  exits 0 fairlead signal --probe "$sleeper" --output json
  contains "$(cat out)" '"program":"sleep 600"'
  exits 0 fairlead signal "$sleeper" KILL
  wait "$sleeper" || equal 137 $?
  exits 3 fairlead signal "$sleeper" KILL
}

test_a_spawned_group_is_ended_as_a_whole() {
  fairlead spawn --group -- sh -c '(echo one; exec sleep 600) & (echo two; exec sleep 600) & wait' > said 2> who & local spawned=$!
  line_in said '^one$'; line_in said '^two$'; line_in who ' group [0-9]'
  exits 0 fairlead signal --group "$(sed -n 's/.* group \([0-9]*\).*/\1/p' who)" TERM
  exits 143 wait $spawned
}
