using System.Buffers;

namespace Fairlead.Patterns.Links.Values;

/// <summary>Several buffers joined in rented memory. Valid until disposed.</summary>
internal readonly ref struct Joined
{
    private readonly byte[]? _rented;

    public Joined(in ReadOnlySequence<byte> parts)
    {
        if (parts.IsSingleSegment)
        {
            Span = parts.FirstSpan;
            return;
        }

        int length = checked((int)parts.Length);
        _rented = ArrayPool<byte>.Shared.Rent(length);
        parts.CopyTo(_rented);
        Span = _rented.AsSpan(0, length);
    }

    public ReadOnlySpan<byte> Span { get; }

    public void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
        }
    }
}
