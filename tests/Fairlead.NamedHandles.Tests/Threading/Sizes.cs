namespace Fairlead.NamedHandles.Tests.Threading;

/// <summary>How much a test does: the usual size, or the full one with FAIRLEAD_FULL_SIZE=1.</summary>
internal static class Sizes
{
    private static readonly bool IsFull = Environment.GetEnvironmentVariable("FAIRLEAD_FULL_SIZE") == "1";

    public static int Of(int usual, int full) => IsFull ? full : usual;
}
