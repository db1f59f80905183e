using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Fairlead.Transports.Udp;

/// <summary>Creates and checks cookies, which prove that a peer receives data at its address. Any thread.</summary>
/// <remarks>
/// Each cookie follows from a secret, the peer's address and the time, so no end has to store it. A peer that returns it has recently
/// received it there.
/// </remarks>
internal sealed class ReliableCookies(TimeProvider time)
{
    /// <summary>How long a cookie is valid.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(10);

    private const int NameSize = 22;
    private const int InputSize = NameSize + 12;

    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly long _start = time.GetTimestamp();

    private uint Now => (uint)(long)time.GetElapsedTime(_start).TotalSeconds;

    /// <summary>Returns the answer to a hello.</summary>
    public ReliableControl Answer(in ReliableControl hello, UdpRemote remote)
    {
        uint now = Now;
        return new ReliableControl { Kind = ReliableKind.Cookie, Token = hello.Token, Time = now, Cookie = Of(remote, hello.Token, now) };
    }

    /// <summary>Returns whether the cookie was received at this address, and recently.</summary>
    public bool IsProof(in ReliableControl open, UdpRemote remote) =>
        Now - open.Time <= (uint)Life.TotalSeconds && Of(remote, open.Token, open.Time) == open.Cookie;

    private ulong Of(UdpRemote remote, ulong token, uint now)
    {
        Span<byte> input = stackalloc byte[InputSize];
        BinaryPrimitives.WriteUInt64BigEndian(input, remote.High);
        BinaryPrimitives.WriteUInt64BigEndian(input[8..], remote.Low);
        BinaryPrimitives.WriteUInt32BigEndian(input[16..], remote.Scope);
        BinaryPrimitives.WriteUInt16BigEndian(input[20..], remote.Port);
        BinaryPrimitives.WriteUInt64BigEndian(input[NameSize..], token);
        BinaryPrimitives.WriteUInt32BigEndian(input[(NameSize + 8)..], now);
        Span<byte> output = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_secret, input, output);
        return BinaryPrimitives.ReadUInt64BigEndian(output);
    }
}
