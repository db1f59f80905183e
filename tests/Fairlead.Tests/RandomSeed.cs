using System.Globalization;

namespace Fairlead.Tests;

/// <summary>
/// Random tests in rounds. Each round has a separate seed, which the failure names; FAIRLEAD_TEST_SEED runs only that round.
/// </summary>
internal static class RandomSeed
{
    /// <summary>Returns random numbers whose seed is in the test's output; FAIRLEAD_TEST_SEED repeats them.</summary>
    public static Random Printed(ITestOutputHelper output)
    {
        int seed = Given() ?? Random.Shared.Next();
        output.WriteLine($"seed {seed} (repeat it with FAIRLEAD_TEST_SEED={seed})");
        return new Random(seed);
    }

    public static void Rounds(int count, Action<Random> body)
    {
        int? given = Given();
        for (int i = 0; i < (given is null ? count : 1); i++)
        {
            int seed = given ?? Random.Shared.Next();
            try
            {
                body(new Random(seed));
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException(
                    $"Round {i} failed; repeat it with FAIRLEAD_TEST_SEED={seed}. {exception.Message}", exception);
            }
        }
    }

    private static int? Given() =>
        Environment.GetEnvironmentVariable("FAIRLEAD_TEST_SEED") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
