using System.Security.Cryptography;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>Counts how often messages came again from a queue that does not count them: a classic queue says only that one did.</summary>
/// <remarks>
/// Owns the counts under its lock. A message without an identity is known by its body: equal bodies share a count, which ends when one of
/// them is accepted. Forgets the oldest beyond a limit, so their counts begin again.
/// </remarks>
internal sealed class Redeliveries
{
    /// <summary>The most messages that are counted at the same time.</summary>
    public const int Most = 4096;

    private readonly Lock _gate = new();
    private readonly OrderedDictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>Returns by what a message is counted.</summary>
    public static string KeyOf(string? id, ReadOnlySpan<byte> body) => id ?? Convert.ToHexString(SHA256.HashData(body));

    /// <summary>Notes that a message came again, and returns how often it did.</summary>
    public int Add(string key)
    {
        lock (_gate)
        {
            int count = _counts.GetValueOrDefault(key) + 1;
            _counts[key] = count;
            if (_counts.Count > Most)
            {
                _counts.RemoveAt(0);
            }

            return count;
        }
    }

    /// <summary>Ends the count of a message that is done.</summary>
    public void End(string key)
    {
        lock (_gate)
        {
            _ = _counts.Remove(key);
        }
    }
}
