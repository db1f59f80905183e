# How the tool starts and presents itself.

test_version_is_one_line_on_stdout() {
  exits 0 fairlead --version
  equal 1 "$(wc -l < out)"
  grep -qE '^[0-9]+\.[0-9]+\.[0-9]+' out
  equal '' "$(cat err)"
}

test_help_names_the_program() {
  exits 0 fairlead --help
  contains "$(cat out)" 'fairlead [command] [options]'
}

test_an_unknown_word_is_refused() {
  if fairlead no-such-command > out 2> err; then return 1; fi
  equal '' "$(grep -i unhandled err || true)"
}

# LD_DEBUG is the loader's: it writes the name of each library that it looks for.
test_starting_loads_no_cryptography() {
  LD_DEBUG=libs fairlead --version > out 2> err
  grep -q 'find library=libc' err
  equal '' "$(grep -o 'find library=libssl.*' err || true)"
}
