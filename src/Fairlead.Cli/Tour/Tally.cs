using System.Security.Cryptography;

namespace Fairlead.Cli.Tour;

/// <summary>
/// The messages that arrived at one end, judged without the input: each message once, in ascending order, complete; and the hash of all
/// bytes in the order of arrival.
/// </summary>
internal sealed class Tally : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly HashSet<int> _seen = [];
    private int _last = -1;
    private int _messages;
    private long _bytes;
    private int _doubled;
    private int _reordered;
    private int _garbled;

    /// <summary>The number of messages so far. Any thread may read it.</summary>
    public int Messages => Volatile.Read(ref _messages);

    /// <summary>Bytes of the input in them. Any thread may read it.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Takes a message, envelope and content.</summary>
    /// <returns>The envelope; null if it is broken.</returns>
    public Envelope? Add(ReadOnlySpan<byte> message)
    {
        Volatile.Write(ref _messages, _messages + 1);
        if (Envelope.Read(message) is not { } envelope)
        {
            _garbled++;
            return null;
        }

        if (!_seen.Add(envelope.Index))
        {
            _doubled++;
        }
        else if (envelope.Index < _last)
        {
            _reordered++;
        }

        _last = Math.Max(_last, envelope.Index);
        Volatile.Write(ref _bytes, _bytes + envelope.Length);
        _hash.AppendData(message[Envelope.Size..]);
        return envelope;
    }

    /// <summary>Returns the result for the parent, which knows the expected one.</summary>
    public TallyReport Report(Share share) =>
        new(share, Messages, _bytes, _doubled, _reordered, _garbled, Convert.ToHexStringLower(_hash.GetCurrentHash()));

    public void Dispose() => _hash.Dispose();
}
