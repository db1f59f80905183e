using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Fairlead.Patterns.Links.Shared;

/// <summary>The mark behind an unmanaged value in a message, by which a reader with another layout refuses the value.</summary>
/// <remarks>
/// <code>
///   a value as a message                     a mark, 24 bytes, little-endian
///   +-----------------------+  0             +-----------------------------+  0
///   | the value, n bytes    |                | fingerprint of the layout   |
///   +-----------------------+  n             +-----------------------------+  8
///   | zeroes, 0 to 7 bytes  |                | name, UTF-8, 15 bytes,      |
///   +-----------------------+  multiple of 8 | cut, with zeroes behind it  |
///   | the mark, 24 bytes    |                +-----------------------------+ 23
///   +-----------------------+                | 0xFA, which no text holds   |
///                                            +-----------------------------+ 24
/// </code>
/// The value comes first: a reader finds it at the start of the payload, and a program without Fairlead may ignore the mark.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = Length)]
internal readonly struct LayoutMark
{
    public const int Length = 24;

    private const int NameBytes = 15;
    private const byte End = 0xFA;

    private readonly ulong _fingerprint;
    private readonly ulong _nameStart;
    private readonly ulong _nameEnd;

    private LayoutMark(ulong fingerprint, string name)
    {
        Span<byte> bytes = stackalloc byte[NameBytes + 1];
        bytes.Clear();
        Encoding.UTF8.GetEncoder().Convert(name, bytes[..NameBytes], flush: true, out _, out _, out _);
        bytes[NameBytes] = End;
        _fingerprint = fingerprint;
        _nameStart = MemoryMarshal.Read<ulong>(bytes);
        _nameEnd = MemoryMarshal.Read<ulong>(bytes[8..]);
    }

    /// <summary>Returns the length of a message with a value of this type, in bytes.</summary>
    public static int LengthOf<T>()
        where T : unmanaged => MarkAt<T>() + Length;

    /// <summary>Writes a value and its mark into memory of <see cref="LengthOf{T}"/> bytes.</summary>
    public static void Write<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(Span<byte> destination, in T value)
        where T : unmanaged
    {
        Unsafe.WriteUnaligned(ref destination[0], value);
        destination[Unsafe.SizeOf<T>()..MarkAt<T>()].Clear();
        Unsafe.WriteUnaligned(ref destination[MarkAt<T>()], Of<T>.Mark);
    }

    /// <summary>Returns what stands behind a value of this type in a message: zeroes and the mark.</summary>
    public static ReadOnlySpan<byte> Behind<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>()
        where T : unmanaged => Of<T>.Behind;

    /// <summary>Checks the mark in a message and returns a reference to the value in the payload.</summary>
    /// <exception cref="FairleadException">Incompatible: the message holds another layout, or no value.</exception>
    public static ref readonly T Read<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(ReadOnlySpan<byte> payload, PeerLink link)
        where T : unmanaged
    {
        if (payload.Length != LengthOf<T>()
            || Unsafe.ReadUnaligned<ulong>(in payload[MarkAt<T>()]) != Of<T>.Mark._fingerprint
            || payload[^1] != End)
        {
            throw Refusal<T>(payload, link);
        }

        return ref Unsafe.As<byte, T>(ref MemoryMarshal.GetReference(payload));
    }

    private static int MarkAt<T>()
        where T : unmanaged => (Unsafe.SizeOf<T>() + 7) & ~7;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static FairleadException Refusal<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        ReadOnlySpan<byte> payload, PeerLink link)
        where T : unmanaged
    {
        string wanted = string.Create(
            CultureInfo.InvariantCulture,
            $"{LayoutFingerprint.NameOf(typeof(T))} ({Unsafe.SizeOf<T>()} bytes, layout {LayoutFingerprint.Of<T>():x16})");
        bool isMarked = payload.Length >= Length && payload[^1] == End;
        return new FairleadException(
            ErrorCode.Incompatible,
            isMarked
                ? $"the message holds {Describe(payload)}, and {wanted} was read from it"
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"the message of {payload.Length} bytes holds no unmanaged value, and {wanted} was read from it"),
            isMarked
                ? "Declare the same fields in the same order at both ends."
                : "Send the value with an overload that takes it by reference, such as Send(in value).")
        {
            Address = link.Endpoint.Address,
            Peer = link.Peer,
        };
    }

    // The name comes from the peer and may contain anything.
    private static string Describe(ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<byte> mark = payload[^Length..];
        string name = PlainText.OneLine(Encoding.UTF8.GetString(mark.Slice(8, NameBytes).TrimEnd((byte)0)));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{(name.Length > 0 ? name : "a type without a name")} (at most {payload.Length - Length} bytes, "
                + $"layout {MemoryMarshal.Read<ulong>(mark):x16})");
    }

    private static class Of<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>
        where T : unmanaged
    {
        public static readonly LayoutMark Mark = new(LayoutFingerprint.Of<T>(), LayoutFingerprint.NameOf(typeof(T)));
        public static readonly byte[] Behind = MakeBehind();

        private static byte[] MakeBehind()
        {
            byte[] behind = new byte[LengthOf<T>() - Unsafe.SizeOf<T>()];
            Unsafe.WriteUnaligned(ref behind[^Length], Mark);
            return behind;
        }
    }
}
