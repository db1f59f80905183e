# The recipes of docs/cookbook.md, each run as it is printed, in an empty directory. A line of the page's output fits what the recipe printed
# if they are the same, but for the width of columns; … stands for any text in a line.

this=$(realpath "${BASH_SOURCE[0]}")
cookbook=$(dirname "$this")/../../docs/cookbook.md

# section TITLE: the lines of a recipe.
section() { awk -v title="### $1" '/^##/ { inside = $0 == title; next } inside' "$cookbook"; }

# block: the lines of the first console block on stdin.
block() { awk '/^```/ { if (inside) exit; inside = $0 == "```console"; next } inside'; }

# recipe TITLE: runs the commands of a recipe in one shell, as a person types them, and compares all that it prints.
recipe() {
  local program expected=() printed=() i pattern
  section "$1" > recipe.md
  [ -s recipe.md ] || { echo "the cookbook has no recipe '$1'"; return 1; }
  for program in $(sed -n 's/^This recipe needs `\([a-z]*\)`.*/\1/p' recipe.md); do needs "$program"; done
  block < recipe.md > session; rm recipe.md
  sed -n 's/^[$>] //p' session > commands
  mapfile -t expected < <(grep -v '^[$>] ' session | tr -s ' ')
  mkdir empty
  (cd empty; LC_ALL=C.UTF-8 bash ../commands < /dev/null) > said 2>&1 || true
  # The shell reports a killed job in words that differ between a script and a terminal.
  mapfile -t printed < <(grep -vE '^\.\./commands: line [0-9]+: +[0-9]+ Killed ' said | tr -s ' ')
  for ((i = 0; i < ${#expected[@]} || i < ${#printed[@]}; i++)); do
    pattern=$(sed 's/[][\\*?]/\\&/g; s/…/*/g' <<< "${expected[i]-}")
    # shellcheck disable=SC2053
    [ "$i" -lt ${#expected[@]} ] && [ "$i" -lt ${#printed[@]} ] && [[ ${printed[i]} == $pattern ]] && continue
    printf 'line %d of "%s"\nexpected: %s\nprinted:  %s\nall that it printed:\n' $((i + 1)) "$1" "${expected[i]-(nothing)}" "${printed[i]-(nothing)}"
    cat said
    return 1
  done
}

# There is a test for each recipe, and a recipe for each test.
test_each_recipe_is_run() {
  equal "$(sed -n 's/^### //p' "$cookbook" | sort)" "$(sed -n "s/^test_.*{ recipe '\(.*\)'; }\$/\1/p" "$this" | sort)"
  [ "$(grep -c '^### ' "$cookbook")" -ge 30 ]
}

test_run_one_instance_of_a_script_only() { recipe 'Run one instance of a script only'; }
test_let_commands_take_turns() { recipe 'Let commands take turns'; }
test_give_up_a_lock_that_another_command_holds_for_too_long() { recipe 'Give up a lock that another command holds for too long'; }
test_repair_what_a_killed_command_left_behind() { recipe 'Repair what a killed command left behind'; }
test_read_with_others_write_alone() { recipe 'Read with others, write alone'; }
test_share_a_lock_with_flock() { recipe 'Share a lock with flock'; }
test_run_as_many_commands_as_there_are_processors() { recipe 'Run as many commands as there are processors'; }
test_wait_until_another_program_is_ready() { recipe 'Wait until another program is ready'; }
test_begin_together() { recipe 'Begin together'; }
test_wait_until_a_file_has_content() { recipe 'Wait until a file has content'; }
test_start_two_programs_in_any_order() { recipe 'Start two programs in any order'; }
test_connect_two_terminals_by_a_pipe() { recipe 'Connect two terminals by a pipe'; }
test_know_that_each_message_was_processed() { recipe 'Know that each message was processed'; }
test_move_a_file_as_one_message() { recipe 'Move a file as one message'; }
test_answer_requests_with_a_command() { recipe 'Answer requests with a command'; }
test_ask_everybody_and_collect_the_answers() { recipe 'Ask everybody, and collect the answers'; }
test_tell_everybody_who_listens() { recipe 'Tell everybody who listens'; }
test_show_the_progress_of_a_job_in_several_terminals() { recipe 'Show the progress of a job in several terminals'; }
test_divide_jobs_among_workers() { recipe 'Divide jobs among workers'; }
test_try_a_failed_job_again() { recipe 'Try a failed job again'; }
test_keep_records_and_continue_where_you_stopped() { recipe 'Keep records, and continue where you stopped'; }
test_let_several_commands_write_one_log() { recipe 'Let several commands write one log'; }
test_use_a_fifo_as_the_inbox_of_any_program() { recipe 'Use a FIFO as the inbox of any program'; }
test_make_a_server_out_of_one_line() { recipe 'Make a server out of one line'; }
test_let_a_c_program_write_messages() { recipe 'Let a C program write messages'; }
test_ask_a_server_for_the_time() { recipe 'Ask a server for the time'; }
test_signal_exactly_one_process() { recipe 'Signal exactly one process'; }
test_start_a_program_that_ends_with_you() { recipe 'Start a program that ends with you'; }
test_a_program_keeps_running() { recipe 'Keep a program running'; }
test_end_a_program_with_all_that_it_has_started() { recipe 'End a program with all that it has started'; }
test_talk_with_a_program_over_a_separate_channel() { recipe 'Talk with a program over a separate channel'; }
test_find_a_free_port() { recipe 'Find a free port'; }
test_see_who_holds_a_name() { recipe 'See who holds a name'; }
test_find_a_deadlock() { recipe 'Find a deadlock'; }
test_measure_a_server() { recipe 'Measure a server'; }
test_send_a_file_to_another_host_encrypted() { recipe 'Send a file to another host, encrypted'; }
