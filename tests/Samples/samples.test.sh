# Each sample in its own processes, as its first lines say it is run. The samples are on the PATH under their names.

# serve NAME LINE ARGUMENT …: starts the server of a sample in the background and waits until it has said that line on stderr. Its output goes to served.
serve() {
  local name=$1 line=$2; shift 2
  rm -f served serving                               # of a server before, which has said the line too
  "$name" server "$@" > served 2> serving & server=$!
  line_in serving "$line"
}

# interrupt: Ctrl-C at the server, which must take it as that.
interrupt() {
  local code=0
  kill -INT "$server"; wait "$server" || code=$?
  equal 130 "$code"
}

# What it does over a broker, the tests of the broker show.
test_the_program_works_the_same_at_any_address() {
  local address
  fairlead certificate authority trial > made
  fairlead certificate server trial 127.0.0.1 --client > made
  local -x FAIRLEAD_TLS_CERTIFICATE=trial/127.0.0.1.pem FAIRLEAD_TLS_KEY=trial/127.0.0.1.key FAIRLEAD_TLS_AUTHORITY=trial/authority.pem
  for address in unix://orders shm://orders "tls://127.0.0.1:$(fairlead port)"; do
    AnyAddress consumer "$address" > served 2> serving & server=$!
    line_in serving 'consuming at'
    exits 0 AnyAddress producer "$address" 2
    equal "$(printf 'order 1: Delivered\norder 2: Delivered')" "$(cat out)"
    wait "$server"
    equal "$(printf 'order 1\norder 2\nend')" "$(cat served)"
  done
  exits 1 AnyAddress producer amqp://127.0.0.1:1/?name=orders
  contains "$(cat err)" 'no broker listens'
}

test_asynchronous_messages_are_all_delivered_and_in_order() {
  serve AsynchronousMessage 'receiving at unix://readings'
  exits 0 AsynchronousMessage client 20000
  equal 'sent 20000, acknowledged 20000, not delivered 0, in doubt 0' "$(cat out)"
  interrupt
  cmp served <(seq -f 'reading %.0f' 20000)
}

test_synchronous_messages_are_accepted_or_refused() {
  serve SynchronousMessage 'taking orders at'
  exits 1 SynchronousMessage client '3 apples' 'apples' '1 rope'
  equal "3 apples: delivered
apples: not delivered ('apples' does not begin with a number of things), ordering it again is safe
1 rope: delivered" "$(cat out)"
  interrupt
  equal "$(printf '3 apples\n1 rope')" "$(cat served)"
}

test_asynchronous_requests_overtake_each_other() {
  serve AsynchronousRequest 'counting primes at'
  exits 1 AsynchronousRequest client 2000000 many 100 1000
  equal "100: 25, 1000: 168, 2000000: 148933" "$(sed 's/\(.*\) primes below \(.*\)/\2: \1/' out | sort -n | paste -sd, | sed 's/,/, /g')"
  equal '148933 primes below 2000000' "$(tail -n 1 out)"
  contains "$(cat err)" "'many' is not a number"
  interrupt
}

test_synchronous_requests_are_answered() {
  serve SynchronousRequest 'calculating at'
  exits 1 SynchronousRequest client '2 + 3' 'what?' '7 / 2'
  equal "$(printf '2 + 3 = 5\n7 / 2 = 3.5')" "$(cat out)"
  contains "$(cat err)" "'what?' is not a term"
  interrupt
}

test_a_parent_asks_its_child_and_reports_its_exit() {
  exits 0 ParentAndChild
  equal "the child runs
1 doubled is 2
2 doubled is 4
3 doubled is 6
the child exited with 7" "$(cat out)"
  exits 0 ParentAndChild crash
  equal "the child runs
1 doubled is 2
the child is gone, and the last question has no answer
the child exited with 9" "$(cat out)"
}

test_a_plug_in_that_crashes_is_restarted_for_the_next_call() {
  exits 0 PluginHost
  equal "HELLO
the plug-in has crashed
HELLO AGAIN" "$(cat out)"
}

test_a_shell_runs_pipelines_and_redirections() {
  exits 4 Shell <<< 'echo hello | tr a-z A-Z
seq 5 > numbers; wc -l < numbers; seq 5 >> numbers; wc -l < numbers
false; echo $?; sh -c "exit 3"; echo $?
true | false; echo $?
ls /no/such/file 2>&1 | wc -l; ls /no/such/file 2> errors; wc -l < errors
cd /usr; pwd; sleep 0 & wait; echo "a  b" $HOME'"'"'$HOME'"'"'
no-such-program-at-all; echo $?
exit 4; echo not any more'
  equal 'HELLO
5
10
1
3
1
1
1
/usr
a  b $HOME$HOME
127' "$(sed "s|$HOME|\$HOME|" out)"
  contains "$(cat err)" "the program 'no-such-program-at-all' was not found"
}

# At a real terminal, whose keys are pressed here: each when what is to get it has said that it runs, and nothing behind Ctrl-C, which
# throws away what was typed, until the job has said that it got it.
test_a_shell_gives_the_terminal_to_the_foreground_job() {
  needs script
  printf %s 'trap "echo caught; exit 9" INT; echo reading; while read line; do echo "job:$line"; done' > reader
  printf %s 'trap "echo got; exit 9" INT; echo running; while :; do sleep 0.05; done' > runner
  mkfifo keys
  script -qefc Shell typed < keys > screen & local terminal=$! code=0
  exec 9> keys
  type() { printf '%s\n' "$1" >&9; }
  press() { printf "$1" >&9; }
  saw() { line_in typed "^\(\$ \)*\(\^C\)*$1"; }   # behind a prompt or two, where it was typed early
  local ctrl_c='\003' ctrl_z='\032'

  type 'sh reader'; saw 'reading'
  press "$ctrl_z"; saw '\[1] stopped sh reader'
  type 'sleep 1000 &'; saw '\[2] [0-9]'
  type 'sh runner'; saw 'running'
  press "$ctrl_c"; saw 'got'
  type 'echo status=$?'; saw 'status=9'
  type jobs; saw '\[2] running sleep'
  type 'fg %1'; type hello; saw 'job:hello'
  press "$ctrl_c"; saw 'caught'
  type 'echo again=$?; jobs; echo listed'; saw 'listed'
  equal 1 "$(sed '0,/^\(\$ \)*again=9/d' typed | grep -c '^\[[0-9]] ')"
  type 'seq 100000 | wc -l'; saw '100000'
  type 'exit 7'
  wait "$terminal" || code=$?
  equal 7 "$code"

  # A shell that exits leaves its jobs in the background alone.
  kill "$(sed -n 's/.*\[2] \([0-9]\{1,\}\).*/\1/p' typed | head -n 1)"
}

# Whoever speaks first, and whoever was started first: both hear everything.
test_point_to_point_the_first_side_writes_first() {
  mkfifo first second
  PointToPoint < first > heard1 2> err1 & local one=$!; exec 3> first
  line_in err1 'waiting for the other'
  PointToPoint < second > heard2 2> err2 & local two=$!; exec 4> second
  echo 'I was here first' >&3; line_in heard2 'I was here first'
  echo 'I came second' >&4; line_in heard1 'I came second'
  echo end >&3
  wait "$one"; wait "$two"
}

test_point_to_point_the_second_side_writes_first() {
  mkfifo first second
  PointToPoint < first > heard1 2> err1 & local one=$!; exec 3> first
  line_in err1 'waiting for the other'
  PointToPoint < second > heard2 2> err2 & local two=$!; exec 4> second
  echo 'I came second' >&4; line_in heard1 'I came second'
  echo 'I was here first' >&3; line_in heard2 'I was here first'
  exec 4>&-
  wait "$two"; wait "$one"
  equal 'I came second' "$(cat heard1)"
  equal 'I was here first' "$(cat heard2)"
}

test_chat() {
  mkfifo server one two three
  Chat server < server > served 2> serving & local chat=$!; exec 3> server
  line_in serving 'chatting at'
  Chat client < one > heard1 & local first=$!; exec 4> one; line_in heard1 'you are number 1 of 1'
  Chat client < two > heard2 & local second=$!; exec 5> two; line_in heard2 'you are number 2 of 2'
  Chat client < three > heard3 & local third=$!; exec 6> three; line_in heard3 'you are number 3 of 3'
  echo 'hello all' >&4
  line_in heard2 '^client 1: hello all$'; line_in heard3 '^client 1: hello all$'; line_in served '^client 1: hello all$'
  echo '@3 a secret' >&5; line_in heard3 '^client 2, to you: a secret$'
  echo '@7 is there a seven?' >&5; line_in heard2 'there is no client with that number'
  echo '@3' >&5; line_in heard3 '^client 2, to you: $'
  echo '@1 from above' >&3; line_in heard1 '^server, to you: from above$'
  echo end >&5
  wait "$second"
  line_in heard1 '^client 2 left$'; line_in served '^client 2 left (ClosedByPeer)$'
  echo 'to those who are left' >&3
  line_in heard1 '^server: to those who are left$'; line_in heard3 '^server: to those who are left$'
  echo end >&3
  wait "$chat"; wait "$first"; wait "$third"
  absent secret heard1 served
  absent 'hello all' heard1
}

test_chat_with_a_program_without_fairlead() {
  needs nc
  serve Chat 'chatting at' "unix://$PWD/chat?framing=line"
  mkfifo lines
  nc -U chat < lines > heard & exec 3> lines
  line_in heard 'you are number 1 of 1'
  echo '@1 to myself' >&3; line_in heard 'client 1, to you: to myself'
  echo end >&3
  line_in served 'client 1 left'
  interrupt
}

test_shells_write_into_a_log() {
  serve FifoLog 'reading lines at' "fifo://$PWD/log?framing=line"
  echo 'from a shell' > log; line_in served '1: from a shell'
  exits 0 FifoLog client "fifo://$PWD/log?framing=line" 'from a program' 'and again'
  line_in served '3: and again'
  interrupt
  equal no "$(test -e log && echo yes || echo no)"
}

test_the_date_by_datagram() {
  serve DateByDatagram 'serving the date at' 'udp://127.0.0.1:0?framing=none'
  local port; port=$(grep -oE ':[0-9]+' serving | head -n 1)
  exits 0 DateByDatagram client "udp://127.0.0.1$port?framing=none"
  grep -qxE '[0-9]{4}-[0-9]{2}-[0-9]{2}' out
  interrupt
}

test_the_date_by_reliable_datagram() {
  serve DateByDatagram 'serving the date at' 'udp://127.0.0.1:0?reliable=true'
  local port; port=$(grep -oE ':[0-9]+' serving | head -n 1)
  exits 0 DateByDatagram client "udp://127.0.0.1$port?reliable=true"
  grep -qxE '[0-9]{4}-[0-9]{2}-[0-9]{2}' out
  interrupt
}

test_publish_subscribe() {
  mkfifo prices
  PublishSubscribe server < prices 2> serving & local publisher=$!; exec 3> prices
  line_in serving 'publishing at'
  PublishSubscribe client 'eu.>' us.stock > received 2> asked 3>&- & local subscriber=$!
  line_in asked 'subscribed to eu.>, us.stock'
  printf '%s\n' 'eu.bond.10y 101.25' 'us.bond.10y 99' 'us.stock 7' 'eu 1' 'no-message' >&3
  exec 3>&-
  wait "$publisher"; wait "$subscriber"
  equal "$(printf 'eu.bond.10y: 101.25\nus.stock: 7')" "$(cat received)"
  grep -qx 'us.bond.10y for 0 of 1 subscribers' serving
}

test_the_job_of_a_killed_worker_goes_to_another_worker() {
  serve WorkQueue 'queueing at'
  WorkQueue worker > first 2> first-says & local first=$!
  line_in first-says 'waiting for work'
  WorkQueue client '1000 dig' > client & line_in first '^dig$'
  WorkQueue worker > second 2> second-says &
  line_in second-says 'waiting for work'
  kill -KILL "$first"
  line_in second '^dig, perhaps again$'
}

test_jobs_are_done_or_given_up() {
  serve WorkQueue 'queueing at'
  WorkQueue worker > worked 2> worker-says &
  line_in worker-says 'waiting for work'
  exits 1 WorkQueue client '0 dig' nonsense '0 sow'
  equal "$(printf '%s\n' '0 dig: Delivered' '0 sow: Delivered' 'nonsense: NotDelivered: given up after 3 deliveries: a job begins with a number of seconds')" "$(sort out)"
  equal "$(printf 'dig\nsow')" "$(sort worked)"
  equal 'given up: nonsense (a job begins with a number of seconds)' "$(cat served)"
  interrupt
}

# Asks until the outcome is this: an answer has a second, which on a busy machine may be too short for one of them, and one that is being stopped may answer once more.
survey_until() {
  local asked
  asked=$(grep -c ' did not$' served || true)
  until grep -q "$1" served; do
    echo "$2" >&7; asked=$((asked + 1))
    until [ "$(grep -c ' did not$' served)" -ge "$asked" ]; do sleep 0.02; done
  done
}

# ask PORT METHOD PATH [BODY]: asks a web server; prints the status, and the body goes to the file body.
ask() {
  local status line
  exec 9<> "/dev/tcp/127.0.0.1/$1"
  printf '%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' \
    "$2" "$3" "${#4}" "${4:-}" >&9
  read -r line <&9; status=$line
  cat <&9 > body
  exec 9>&-
  echo "${status:9:3}"
}

test_a_web_application_and_a_worker() {
  HostedWorker > worked 2>&1 & local worker=$!
  line_in worked "The receiver 'orders' is open at unix://shop"
  WebShop --urls http://127.0.0.1:0 > web 2>&1 & local web=$!
  line_in web 'Now listening on: http://127.0.0.1:'
  local port; port=$(sed -n 's/.*Now listening on: http:..127.0.0.1:\([0-9]*\).*/\1/p' web)
  equal 202 "$(ask "$port" POST /orders '{"thing":"pears","count":2}')"
  line_in worked '2 pears for pid'
  equal 422 "$(ask "$port" POST /orders '{"thing":"pears","count":0}')"
  contains "$(cat body)" 'the handler threw InvalidOperationException'
  equal 200 "$(ask "$port" GET /health '')"
  contains "$(cat body)" Healthy
  kill -TERM "$worker"; wait "$worker"
  contains "$(cat worked)" "The endpoint 'orders' is closed"
  equal 503 "$(ask "$port" POST /orders '{"thing":"pears","count":2}')"
  contains "$(cat body)" 'unix://shop'
  equal 503 "$(ask "$port" GET /health '')"
  kill -TERM "$web"; wait "$web"
}

# send_orders NAME: sends orders until one is not accepted; those that were are in the file accepted-NAME.
send_orders() {
  local i=0
  while fairlead send --deliver --wait 0s unix://shop "{\"Thing\":\"$1-$i\",\"Count\":1}" 2>> refused; do
    echo "$1-$i" >> "accepted-$1"; i=$((i + 1))
  done
}

test_a_worker_stopped_under_load_has_handled_all_accepted_orders() {
  HostedWorker > worked 2>&1 & local worker=$!
  line_in worked "The receiver 'orders' is open at unix://shop"
  local name senders=()
  for name in a b c d; do send_orders "$name" & senders+=($!); done
  for name in a b c d; do line_in "accepted-$name" "$name-9"; done
  kill -TERM "$worker"; timeout 30 tail --pid="$worker" -s 0.05 -f /dev/null; wait "$worker"
  wait "${senders[@]}"
  contains "$(cat worked)" "The endpoint 'orders' is closed"
  local order
  while read -r order; do grep -qF "1 $order for pid" worked; done < <(cat accepted-?)
}

test_a_server_of_another_protocol_is_a_supervised_child() {
  printf 'hello\ncrash\nhello again\n' | McpHost > said 2> changes
  equal "$(printf "HELLO\nthe server was lost at 'crash'\nHELLO AGAIN")" "$(cat said)"
  contains "$(cat changes)" 'tools'
  equal 2 "$(grep -c 'the server begins' tools.log)"
}

test_no_server_outlives_its_host() {
  mkfifo texts
  McpHost < texts > said 2> changes & local host=$!
  exec 8> texts
  echo hello >&8
  line_in said HELLO
  local child; child=$({ cat /proc/"$host"/task/*/children 2> /dev/null || true; } | tr -d ' ')
  kill -9 "$host"; wait "$host" 2> /dev/null || true
  tail --pid="$child" -s 0.05 -f /dev/null
  exec 8>&-
}

test_a_call_through_three_hosts_is_one_trace() {
  HostedCalls stock > stocked 2>&1 & local stock=$!
  line_in stocked "The server 'stock' is open at"
  HostedCalls shop > shopped 2>&1 & local shop=$!
  line_in shopped "The server 'shop' is open at"
  HostedCalls buy pears > bought 2>&1
  contains "$(cat bought)" 'here are your pears'
  exits 1 HostedCalls buy figs
  contains "$(cat err)" 'there are no figs'
  contains "$(fairlead call shop CheckAsync --contract Fairlead.Health)" Serving
  kill -TERM "$shop"; wait "$shop"
  kill -TERM "$stock"; wait "$stock"
  local trace; trace=$(sed -n 's/^trace \([0-9a-f]*\) Client HostedCalls.IShop.BuyAsync$/\1/p' bought)
  grep -qx "trace $trace Server HostedCalls.IShop/BuyAsync" shopped
  grep -qx "trace $trace Client HostedCalls.IStock/TakeAsync" shopped
  grep -qx "trace $trace Server HostedCalls.IStock/TakeAsync" stocked
  grep -qE '^p99 of BuyAsync: at most [0-9.]+ s$' shopped
}

test_survey() {
  mkfifo ask; exec 7<> ask
  Survey server < ask > served 2> serving 7>&- & server=$!
  line_in serving 'asking at'
  Survey client Ann > ann 2> ann-says 7>&- & local ann=$!
  line_in ann-says 'waiting for questions'
  Survey client Bob > bob 2> bob-says 7>&- & local bob=$!
  line_in bob-says 'waiting for questions'
  survey_until '^2 answered, 0 did not$' 'who is there?'
  contains "$(cat served)" 'Ann: 13 letters'
  contains "$(cat served)" 'Bob: 13 letters'
  kill -STOP "$bob"
  survey_until '^1 answered, 1 did not$' 'and now?'
  contains "$(cat serving)" 'Timeout'
  kill -KILL "$bob" "$ann"
  interrupt
  exec 7>&-
}

test_wait_set() {
  mkfifo input
  WaitSet server < input > served 2> serving & server=$!; exec 3> input
  line_in serving 'counting at unix://words'
  exits 0 WaitSet client one two
  equal '2 so far' "$(cat out)"
  echo three >&3; line_in served 'three (from the input)'
  exec 3>&-
  exits 0 WaitSet client four
  equal '4 so far' "$(cat out)"
  interrupt
  equal '4 in all' "$(tail -n 1 served)"
}

test_metrics() {
  serve Metrics 'answering at'
  exits 0 Metrics client 50
  grep -qx 'messaging.client.sent.messages Requester 50' out
  grep -qE '^messaging.client.operation.duration request 50 times, [0-9]+ µs on average$' out
  line_in served '^messaging.client.consumed.messages Responder 50$'
  line_in served '^messaging.process.duration process 50 times, '
  line_in served '^fairlead.messages.dropped Responder 0$'
  line_in served '^fairlead.queue.depth Responder 0$'
  interrupt
}

test_shared_memory() {
  SharedMemory count 100000 > one & local one=$!
  SharedMemory count 100000 > two & local two=$!
  wait "$one"; wait "$two"
  exits 0 SharedMemory count 0
  equal '0 counted here, 200000 in all' "$(cat out)"
  SharedMemory watch 30000 > watched 2> watching & local watcher=$!
  line_in watching 'watching'
  exits 0 SharedMemory move 20000
  line_in watched '^step 20000: '
  exits 0 SharedMemory move 10000
  equal '30000 steps gone' "$(cat out)"
  wait "$watcher"
  absent torn watched
  exits 0 SharedMemory remove
  equal 'counters: True, position: True' "$(cat out)"
  exits 2 SharedMemory
}

test_a_panel_shows_the_values_of_machines() {
  Dashboard panel 2 > panel 2> watching & local panel=$!
  line_in watching 'watching'
  Dashboard machine long 100000 > long & local long=$!
  line_in panel '^long: step [0-9][0-9]*, '
  kill -KILL "$long"; wait "$long" 2> /dev/null || true
  line_in panel '^long died at step [0-9][0-9]*$'
  exits 0 Dashboard machine short 20
  equal 'short: 20 steps' "$(cat out)"
  wait "$panel"
  line_in panel '^short ended at step 20$'
  absent torn panel
  exits 0 Dashboard remove
  equal 'removed: True' "$(cat out)"
  exits 2 Dashboard
}

test_each_produced_item_is_consumed_once() {
  local one two i
  BoundedBuffer consume 1500 > one & local first=$!
  for i in 1 2 3; do BoundedBuffer produce "${i}000" 1000 2>> produced & done
  BoundedBuffer consume 1500 > two
  wait "$first"
  cmp <(sort -n one two) <(seq 1000 3999)
  for i in 1 2 3; do sed -n "/^$i/p" one | sort -n -c; done   # in the order of each producer, of whom one consumer may have got nothing
  exits 0 BoundedBuffer remove
  equal removed "$(cat out)"
  exits 2 BoundedBuffer
}

test_workers_start_together() {
  local name
  for name in Ann Bob Cid Dan; do StartTogether work $name > "$name" 2> "$name-says" & done
  for name in Ann Bob Cid Dan; do line_in "$name-says" "^$name is ready$"; done
  exits 1 fairlead event is-set start
  exits 0 StartTogether start
  for name in Ann Bob Cid Dan; do line_in "$name" "^$name begins, [0-9]* µs after the signal$"; done

  # Who comes later does not wait, until it is taken back.
  exits 0 StartTogether work Eve
  exits 0 StartTogether reset
  exits 1 fairlead event is-set start
  exits 2 StartTogether
}

test_readers_never_see_half_a_change() {
  ReadersAndWriters write 2000 > Ann & local ann=$!
  ReadersAndWriters write 2000 > Bob & local bob=$!
  ReadersAndWriters read 2000 > Cid & local cid=$!
  exits 0 ReadersAndWriters read 2000
  equal 'looked 2000 times, and never saw half a change' "$(cat out)"
  wait "$cid"; wait "$ann"; wait "$bob"
  equal "$(cat out)" "$(cat Cid)"
  contains "$(cat Ann Bob)" 'wrote 2000 times, to 4000'
  exits 0 ReadersAndWriters remove
  equal 'lock: True, table: True' "$(cat out)"
  exits 2 ReadersAndWriters
}

# Without protection the result may be right by chance, though with so many rounds it hardly ever is.
test_a_counter_is_right_with_each_lock() {
  exits 0 Counter threads 20 500
  contains "$(cat out)" '10 workers add, 10 take away, 500 times each: the counter must end at 0'
  local method
  for method in mutex 'recursive mutex' semaphore condition event; do
    grep -qE "^$method +threads +0 +[0-9.]+$" out
  done
  grep -qE '^none +threads +(0 |-?[0-9]+ +[0-9.]+ +wrong by [0-9]+$)' out
  exits 0 Counter processes 4 200
  equal 5 "$(grep -cE 'processes +0 +[0-9.]+$' <(grep -v '^none' out))"
  exits 2 Counter threads 3
}

test_all_philosophers_eat() {
  exits 0 DiningPhilosophers 5 200
  equal "$(printf 'philosopher %d has eaten 200 times\n' 0 1 2 3 4; echo 'every fork was used 400 times')" "$(cat out)"
  exits 2 DiningPhilosophers 1
}

# The one that is killed has a fork in its hand: with that its neighbour eats, and the others after him.
test_deadlocked_philosophers_are_shown_and_freed_by_a_kill() {
  DiningPhilosophers --deadlock 4 > dined 2> said & local table=$! code=0
  line_in said '^each has the left fork'
  while fairlead deadlocks --output json > circle; do :; done
  exits 1 fairlead deadlocks
  contains "$(cat out)" 'deadlock 1: 4 processes wait for each other'
  kill -KILL "$(sed 's/^[^0-9]*\([0-9]*\).*/\1/' circle)"
  line_in said '^fork-[0-9] was held by a philosopher that died, and is clean again$'
  wait "$table" || code=$?
  equal 1 "$code"
  equal 3 "$(grep -c 'has eaten 1 times$' dined)"
  grep -qx 'philosopher [0-9]: killed by SIGKILL' dined
  exits 0 fairlead deadlocks
}

test_mapped_log() {
  export XDG_STATE_HOME="$PWD/state"
  exits 1 MappedLog replay
  contains "$(cat err)" 'does not exist. Append a record to create it'
  exits 0 MappedLog append one two
  equal "$(printf '1 one\n2 two')" "$(cat out)"
  MappedLog follow billing 3 > followed 2> following & local follower=$!
  line_in following '^following from 1 on'
  exits 0 MappedLog append three
  wait "$follower"
  equal "$(printf '1 one\n2 two\n3 three')" "$(cat followed)"
  exits 0 MappedLog replay 2
  equal "$(printf '2 two\n3 three')" "$(cat out)"
  exits 0 MappedLog info
  equal "$(printf '3 records, 11 bytes, on the disk before 4, 0 places damaged\nbilling: 0 behind')" "$(cat out)"
  exits 0 MappedLog remove
  equal removed "$(cat out)"
  exits 2 MappedLog
  unset XDG_STATE_HOME
}

test_signals() {
  echo one > settings
  Signals serve settings 0.05 > served & local server=$!
  line_in served '^serving as '
  local who; who=$(sed -n 's/^serving as \([^ ]*\) with one$/\1/p' served)
  equal "$server" "${who%@*}"
  echo two > settings
  exits 0 Signals send "$who" HUP
  line_in served '^settings: two$'
  line_in served '^beat 3$\|^beat [4-9]'
  kill -s RTMIN+1 "$server"
  line_in served '^order: without a number'
  Signals wait "$server" > waited & local waiter=$!
  line_in waited '^waiting for process '
  exits 1 Signals send "${who}0" TERM
  contains "$(cat err)" "its number now belongs to"
  exits 0 Signals send "$who" TERM
  wait "$server"; wait "$waiter"
  line_in served '^SIGTERM: ending$'
  exits 1 Signals send "$who" TERM
  exits 2 Signals
}

test_signals_with_their_values() {
  env --block-signal=RTMIN 2> /dev/null true || skip 'env cannot block signals'
  echo one > settings
  env --block-signal=RTMIN+1 Signals serve settings 3600 > served & local server=$!
  line_in served '^serving as '
  exits 0 fairlead signal "$server" RTMIN+1 --value 42
  line_in served '^order: 42$'
  exits 0 fairlead signal "$server" TERM
  wait "$server"
}

test_echo_server() {
  serve EchoServer 'serving echo, date and time at unix://services'
  exits 0 EchoServer client echo hello world
  equal 'hello world' "$(cat out)"
  exits 0 EchoServer client date
  grep -qxE '[0-9]{4}-[0-9]{2}-[0-9]{2}' out
  exits 0 EchoServer client time
  grep -qxE '[0-9]{2}:[0-9]{2}:[0-9]{2}' out
  exits 1 EchoServer client weather
  contains "$(cat err)" "there is no service 'weather'. Ask for echo TEXT, date or time."
  interrupt
  exits 1 EchoServer client date
  contains "$(cat err)" 'unix://services: no endpoint listens there'
}

test_a_foreign_client() {
  needs nc
  serve ForeignPeers 'reading lines at' "unix://$PWD/lines?framing=line"
  mkfifo say
  nc -U lines < say > answers & exec 3> say
  printf 'one\ntwo\n' >&3
  line_in answers TWO
  exec 3>&-; kill %nc
  line_in served 'client 1 left'
  equal "$(printf 'ONE\nTWO')" "$(cat answers)"
  equal "$(printf 'client 1 joined\nclient 1: one\nclient 1: two\nclient 1 left')" "$(cat served)"
}

test_a_foreign_server() {
  needs socat
  socat UNIX-LISTEN:"$PWD/lines" EXEC:cat &
  until [ -S lines ]; do :; done
  exits 0 ForeignPeers client "unix://$PWD/lines?framing=line" one two
  equal "$(printf 'one\ntwo')" "$(cat out)"
}

test_typed_messages() {
  serve TypedMessages 'selling at'
  exits 0 TypedMessages client
  line_in served 'not an order'
  interrupt
  equal "$(printf '3 x apples: 1.05\n1 x a rope: 12.50\nnot an order: not an order')" "$(cat served)"
}

test_each_error_is_reported_in_one_line() {
  local name
  for name in AsynchronousMessage SynchronousMessage AsynchronousRequest SynchronousRequest Chat PublishSubscribe EchoServer ForeignPeers TypedMessages Metrics WaitSet WorkQueue Survey; do
    exits 2 "$name"
    exits 1 "$name" client unix://nobody
    equal 1 "$(wc -l < err)"
    contains "$(cat err)" 'no endpoint listens there'
    exits 1 "$name" server unix://two//slashes
    equal 1 "$(wc -l < err)"
  done
}

test_a_server_outlives_kill_9_and_names_its_holder() {
  serve EchoServer 'serving'
  kill -KILL "$server"; wait "$server" || true
  serve EchoServer 'serving'
  exits 0 EchoServer client echo again
  exits 1 EchoServer server
  contains "$(cat err)" "is held by pid $server (EchoServer server), since"
}

# The client reads what the server has opened, one after the other; what is not in the folder it does not get.
test_open_files_are_read_by_another_process() {
  mkdir folder
  printf 'first\n' > folder/one
  seq 50000 > folder/two
  OpenFiles server folder 2> serving & server=$!
  line_in serving 'opening files of'
  exits 1 OpenFiles client one ../serving two
  cmp out <(echo first; seq 50000)
  equal '../serving: there is no such file' "$(cat err)"
  exits 0 OpenFiles client one
  equal first "$(cat out)"
  interrupt
}

test_a_procedure_is_called_in_another_process() {
  serve RemoteCalculator '^serving$'
  exits 0 RemoteCalculator client 7 3
  equal $'7 + 3 = 10\n7 = 2 * 3 + 1\nsum of 1 to 7: 28' "$(cat out)"
  line_in served 'has calculated$'
  exits 1 RemoteCalculator client 7 0
  equal '7 cannot be divided by 0' "$(cat err)"
  kill -KILL "$server"; wait "$server" 2> /dev/null || true
  exits 1 RemoteCalculator client 7 3
  contains "$(cat err)" "no service 'calc' lives"
  exits 2 RemoteCalculator
}

# The same call with stub and skeleton by hand, among themselves and with those of the generator.
test_a_procedure_is_called_by_hand() {
  serve RpcByHand '^serving$'
  exits 0 RpcByHand client 2 3
  equal '2 + 3 = 5' "$(cat out)"
  equal $'2 the matchmaker\n1 the stub\n5 the stub' "$(cut -d ' ' -f 1-3 err)"
  line_in serving '^4 the skeleton unmarshals and calls Add(2, 3)$'
  line_in serving '^5 the skeleton marshals the result 5: 0005000000$'
  exits 1 RemoteCalculator client 2 3
  contains "$(cat err)" 'DivideAsync is missing at the server'
  interrupt
  exits 1 RpcByHand client 2 3
  contains "$(cat err)" "no service 'calc' lives"
  serve RemoteCalculator '^serving$'
  exits 0 RpcByHand client 40 2
  equal '40 + 2 = 42' "$(cat out)"
  interrupt
  exits 2 RpcByHand
}

test_a_job_server_streams_progress() {
  serve JobServer "^serving 'jobs'$"
  exits 0 JobServer run 200000
  equal '17984 primes below 200000' "$(cat out)"
  line_in err '^job 1: 100 %$'
  line_in served '^job 1 ends: Finished$'
  exits 1 JobServer run 0
  contains "$(cat err)" 'a job counts below a limit of 1 to'
  interrupt
  exits 1 JobServer run 10
  contains "$(cat err)" "no service 'jobs' lives"
  exits 2 JobServer
}

# By another client, by Ctrl-C, and by the death of its client; an observer hears of all three.
test_a_job_is_cancelled() {
  serve JobServer "^serving 'jobs'$"
  JobServer watch > watched 2> watching & local watcher=$! code=0
  line_in watching '^watching; 0 jobs run$'
  JobServer run 500000000 > one 2> one-says & local one=$!
  line_in one-says '^job 1: 0 %$'
  exits 1 JobServer cancel 7
  equal 'job 7 does not run; these run: 1' "$(cat err)"
  exits 0 JobServer cancel 1
  wait "$one" || code=$?
  equal 1 "$code"
  equal 'job 1 was cancelled' "$(tail -n 1 one-says)"
  line_in watched '^job 1 has ended: Cancelled after [0-9]* ms$'

  JobServer run 500000000 2> two-says & local two=$!
  line_in two-says '^job 2: 0 %$'
  kill -INT "$two"; code=0; wait "$two" || code=$?
  equal 130 "$code"
  line_in watched '^job 2 has ended: Cancelled after'

  JobServer run 500000000 2> three-says & local three=$!
  line_in three-says '^job 3: 0 %$'
  kill -KILL "$three"; wait "$three" 2> /dev/null || true
  line_in watched '^job 3 has ended: Cancelled after'

  # The end of the server cancels the jobs that run, and ends the watching.
  JobServer run 500000000 2> four-says & local four=$!
  line_in four-says '^job 4: 0 %$'
  interrupt
  code=0; wait "$four" || code=$?
  equal 1 "$code"
  equal 'job 4 was cancelled' "$(tail -n 1 four-says)"
  code=0; wait "$watcher" || code=$?
  equal 1 "$code"
  equal 'the server ends' "$(tail -n 1 watching)"

  # And its death is noticed at once.
  rm serving; serve JobServer "^serving 'jobs'$"
  JobServer run 500000000 2> five-says & local five=$!
  JobServer watch 2> watching-too & watcher=$!
  line_in five-says '^job 1: 0 %$'; line_in watching-too '^watching'
  kill -KILL "$server"; wait "$server" 2> /dev/null || true
  code=0; wait "$five" || code=$?
  equal 1 "$code"
  code=0; wait "$watcher" || code=$?
  equal 1 "$code"
  equal 2 "$(wc -l < watching-too)"
}

test_a_file_is_uploaded_by_stream() {
  serve JobServer "^serving 'jobs'$"
  seq 300000 > file
  exits 0 JobServer upload file
  equal "$(stat -c %s file) bytes, SHA-256 $(sha256sum file | cut -d ' ' -f 1)" "$(sed 's/, stored as .*//' out)"
  local stored; stored=$(sed 's/.*, stored as //' out)
  cmp file "$stored"
  exits 1 JobServer upload no-such-file
  contains "$(cat err)" 'no-such-file'
  : > empty
  exits 0 JobServer upload empty
  contains "$(cat out)" '0 bytes'

  # A file that is broken off in the middle is not kept.
  mkfifo slow
  JobServer upload slow & local client=$!
  exec 7> slow
  printf 'half of it' >&7
  until [ -e "${stored%/*}/3" ]; do sleep 0.02; done
  kill -KILL "$client"; wait "$client" 2> /dev/null || true
  while [ -e "${stored%/*}/3" ]; do sleep 0.02; done
  exec 7>&-
  interrupt
  equal no "$(test -e "$stored" && echo yes || echo no)"
}
