using System.Diagnostics.CodeAnalysis;

namespace Fairlead.Patterns.Links.Shared;

/// <summary>The bytes of an unmanaged value with the mark of its layout behind them. Valid until disposed.</summary>
/// <remarks>Each thread reuses its array, which costs one copy of the value and usually no allocation.</remarks>
internal readonly ref struct StructBytes
{
    private const int SmallestKept = 512;
    private const int LargestKept = 1024 * 1024;

    [ThreadStatic]
    private static byte[]? _free;

    private readonly byte[] _bytes;
    private readonly int _length;

    private StructBytes(byte[] bytes, int length)
    {
        _bytes = bytes;
        _length = length;
    }

    public ReadOnlySpan<byte> Span => new(_bytes, 0, _length);

    public static StructBytes Of<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(in T value)
        where T : unmanaged
    {
        int length = LayoutMark.LengthOf<T>();
        byte[]? bytes = _free;
        if (bytes is null || bytes.Length < length)
        {
            bytes = GC.AllocateUninitializedArray<byte>(Math.Max(SmallestKept, length));
        }
        else
        {
            // A callback inside the send may also send a value, which then uses another array.
            _free = null;
        }

        LayoutMark.Write(bytes, in value);
        return new StructBytes(bytes, length);
    }

    public void Dispose()
    {
        if (_length <= LargestKept)
        {
            _free = _bytes;
        }
    }
}
