using System.Buffers.Binary;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// The 8 bytes that a scenario sends, as the arguments of a call that adds. The sum is the first number of the scenario, which it checks.
/// </summary>
internal static class Summands
{
    /// <summary>The bytes of a call's arguments.</summary>
    public const int Size = 2 * sizeof(int);

    private const int Second = 7;

    public static (int A, int B) Of(ReadOnlySpan<byte> request) => (BinaryPrimitives.ReadInt32LittleEndian(request) - Second, Second);

    public static void Put(Span<byte> reply, int sum) => BinaryPrimitives.WriteInt32LittleEndian(reply, sum);
}
