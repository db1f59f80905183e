# The sample that the README begins with. The samples are on the PATH under their names. The default run has this file, the full run all.

test_hello() {
  Hello receive > received & local receiver=$!
  Hello send
  wait "$receiver"
  grep -qxE 'hello from another process \(from pid [0-9]+ \(Hello send\)\)' received
}
