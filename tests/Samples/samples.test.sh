# Each sample in its own processes, as its first lines say it is run. The samples are on the PATH under their names.

# serve NAME LINE ARGUMENT …: starts the server of a sample in the background and waits until it has said that line on stderr. Its output goes to served.
serve() {
  local name=$1 line=$2; shift 2
  "$name" server "$@" > served 2> serving & server=$!
  line_in serving "$line"
}

# interrupt: Ctrl-C at the server, which must take it as that.
interrupt() {
  local code=0
  kill -INT "$server"; wait "$server" || code=$?
  equal 130 "$code"
}

test_hello() {
  Hello receive > received & local receiver=$!
  Hello send
  wait "$receiver"
  grep -qxE 'hello from another process \(from pid [0-9]+ \(Hello send\)\)' received
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
  contains "$(cat err)" "'many' is no number"
  interrupt
}

test_synchronous_requests_are_answered() {
  serve SynchronousRequest 'calculating at'
  exits 1 SynchronousRequest client '2 + 3' 'what?' '7 / 2'
  equal "$(printf '2 + 3 = 5\n7 / 2 = 3.5')" "$(cat out)"
  contains "$(cat err)" "'what?' is no term"
  interrupt
}

# Whoever speaks first, and whoever was started first: both hear everything.
test_point_to_point_the_first_speaks_first() {
  mkfifo first second
  PointToPoint < first > heard1 2> err1 & local one=$!; exec 3> first
  line_in err1 'waiting for the other'
  PointToPoint < second > heard2 2> err2 & local two=$!; exec 4> second
  echo 'I was here first' >&3; line_in heard2 'I was here first'
  echo 'I came second' >&4; line_in heard1 'I came second'
  echo end >&3
  wait "$one"; wait "$two"
}

test_point_to_point_the_second_speaks_first() {
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
  echo '@7 is there a seven?' >&5; line_in heard2 'nobody here has that number'
  echo '@1 from above' >&3; line_in heard1 '^server, to you: from above$'
  echo end >&5
  wait "$second"
  line_in heard1 '^client 2 left$'; line_in served '^client 2 left (ClosedByPeer)$'
  echo 'to those who are left' >&3
  line_in heard1 '^server: to those who are left$'; line_in heard3 '^server: to those who are left$'
  echo end >&3
  wait "$chat"; wait "$first"; wait "$third"
  ! grep -q secret heard1 served
  ! grep -q 'hello all' heard1
}

test_chat_with_a_program_that_knows_nothing_of_fairlead() {
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

test_a_job_whose_worker_dies_goes_to_another() {
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
  equal "$(printf '%s\n' '0 dig: Delivered' '0 sow: Delivered' 'nonsense: NotDelivered: given up after 3 deliveries: no job begins so')" "$(sort out)"
  equal "$(printf 'dig\nsow')" "$(sort worked)"
  equal 'given up: nonsense (no job begins so)' "$(cat served)"
  interrupt
}

test_survey() {
  mkfifo ask; exec 7<> ask
  Survey server < ask > served 2> serving 7>&- & server=$!
  line_in serving 'asking at'
  Survey client Ann > ann 2> ann-says 7>&- & local ann=$!
  line_in ann-says 'waiting for questions'
  Survey client Bob > bob 2> bob-says 7>&- & local bob=$!
  line_in bob-says 'waiting for questions'
  echo 'who is there?' >&7
  line_in served '^2 answered, 0 did not$'
  equal "$(printf '%s\n' '2 answered, 0 did not' 'Ann: 13 letters' 'Bob: 13 letters')" "$(sort served)"
  kill -STOP "$bob"
  echo 'and now?' >&7
  line_in served '^1 answered, 1 did not$'
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
  ! grep -q torn watched
  exits 0 SharedMemory remove
  equal 'counters: True, position: True' "$(cat out)"
  exits 2 SharedMemory
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
  contains "$(cat err)" 'unix://services: nobody listens there'
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

test_what_is_wrong_is_said_in_a_line() {
  local name
  for name in AsynchronousMessage SynchronousMessage AsynchronousRequest SynchronousRequest Chat PublishSubscribe EchoServer ForeignPeers TypedMessages Metrics WaitSet WorkQueue Survey; do
    exits 2 "$name"
    exits 1 "$name" client unix://nobody
    equal 1 "$(wc -l < err)"
    contains "$(cat err)" 'nobody listens there'
    exits 1 "$name" server unix://two//slashes
    equal 1 "$(wc -l < err)"
  done
}

test_a_server_outlives_kill_9_and_names_its_holder() {
  serve EchoServer 'serving'
  kill -KILL "$server"; wait "$server" || true
  rm serving; serve EchoServer 'serving'
  exits 0 EchoServer client echo again
  exits 1 EchoServer server
  contains "$(cat err)" "is held by pid $server (EchoServer server), since"
}
