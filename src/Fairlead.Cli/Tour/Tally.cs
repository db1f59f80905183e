using System.Security.Cryptography;

namespace Fairlead.Cli.Tour;

/// <summary>
/// What arrived at one end, judged without looking at the input: each message once, in ascending order, whole; and the hash of all bytes in the order of their arrival.
/// </summary>
internal sealed class Tally : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly HashSet<int> _seen = [];
    private readonly List<long> _latencies = [];
    private int _last = -1;
    private int _messages;
    private long _bytes;
    private int _doubled;
    private int _reordered;
    private int _garbled;

    /// <summary>Takes a message.</summary>
    /// <param name="message">Envelope and content.</param>
    /// <param name="measures">Whether its way is to be measured.</param>
    public void Add(ReadOnlySpan<byte> message, bool measures = true)
    {
        _messages++;
        if (Envelope.Read(message) is not { } envelope)
        {
            _garbled++;
            _hash.AppendData(message);
            return;
        }

        if (measures)
        {
            _latencies.Add((long)envelope.Age.TotalNanoseconds);
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
        _bytes += envelope.Length;
        _hash.AppendData(message[Envelope.Size..]);
    }

    /// <summary>Takes a measurement that is not the way of one message: a round trip.</summary>
    public void Measure(TimeSpan span) => _latencies.Add((long)span.TotalNanoseconds);

    /// <summary>The result, for the parent, which knows what it should be.</summary>
    public TallyReport Report(Share share) => new(share, _messages, _bytes, _doubled, _reordered, _garbled, Convert.ToHexStringLower(_hash.GetCurrentHash()), [.. _latencies]);

    public void Dispose() => _hash.Dispose();
}
