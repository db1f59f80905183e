namespace RpcByHand;

/// <summary>Tells the reader which step of the call a process is at.</summary>
internal static class Walk
{
    public static void Show(int step, string what) => Console.Error.WriteLine($"{step} {what}");

    public static void Show(int step, string what, ReadOnlySpan<byte> bytes) => Show(step, $"{what}: {Convert.ToHexStringLower(bytes)}");
}
