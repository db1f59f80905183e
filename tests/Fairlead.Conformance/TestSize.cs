namespace Fairlead.Conformance;

/// <summary>
/// How much a test does: the usual size, which still reaches everything that the test is about, or the full one with FAIRLEAD_FULL_SIZE=1,
/// as eng/nightly.sh sets it.
/// </summary>
public static class TestSize
{
    private static readonly bool IsFull = Environment.GetEnvironmentVariable("FAIRLEAD_FULL_SIZE") == "1";

    /// <summary>Returns the size that holds for this run.</summary>
    public static int Of(int usual, int full) => IsFull ? full : usual;
}
