using System.Globalization;

namespace Fairlead.Conformance;

/// <summary>
/// How much a test does: the usual size, or the full one with FAIRLEAD_FULL_SIZE=1, as eng/nightly.sh sets it. Not for a size against which
/// something is measured, such as a limit of memory or a buffer that must be full.
/// </summary>
public static class TestSize
{
    private static readonly bool IsFull = Environment.GetEnvironmentVariable("FAIRLEAD_FULL_SIZE") == "1";

    /// <summary>Returns the size that holds for this run.</summary>
    public static int Of(int usual, int full) => IsFull ? full : usual;

    /// <summary>Returns the number that an environment variable gives for this run, or else the usual one.</summary>
    public static int Given(string variable, int usual) =>
        Environment.GetEnvironmentVariable(variable) is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : usual;
}
