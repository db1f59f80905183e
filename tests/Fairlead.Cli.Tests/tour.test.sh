# The tour over all transports, which takes too long for the default run.

test_the_tour_is_intact() {
  exits 0 fairlead tour --output json
  equal 0 "$(grep -vc -e '"intact":true' -e '"refused":' out)"
  equal '' "$(cat err)"
}
