using System.Security.Cryptography;

namespace Fairlead.Cli.Tour;

/// <summary>Knows what each end should have received, and reports differences.</summary>
internal sealed class Judge(TourInput input)
{
    private readonly Dictionary<(Share Share, int Sent), (int Messages, long Bytes, string Sha256)> _expected = [];

    /// <summary>Returns what was lost, duplicated, reordered or altered; null if nothing was.</summary>
    /// <param name="counted">The messages that an end received.</param>
    /// <param name="sent">How many messages of the input were sent, from the first one on.</param>
    public string? Problem(TallyReport counted, int sent)
    {
        var (messages, bytes, sha256) = Expected(counted.Share, sent);
        var distinct = counted.Messages - counted.Doubled - counted.Garbled;
        List<string> problems = [];
        Add(counted.Garbled, "garbled");
        Add(counted.Doubled, "doubled");
        Add(messages - distinct, "lost");
        Add(distinct - messages, "too many");
        Add(counted.Reordered, "out of order");
        if (problems.Count == 0 && (counted.Bytes != bytes || counted.Sha256 != sha256))
        {
            problems.Add("altered");
        }

        return problems.Count == 0 ? null : $"{string.Join(", ", problems)} (of {messages})";

        void Add(int count, string what)
        {
            if (count > 0)
            {
                problems.Add($"{count} {what}");
            }
        }
    }

    private (int Messages, long Bytes, string Sha256) Expected(Share share, int sent)
    {
        if (_expected.TryGetValue((share, sent), out var known))
        {
            return known;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[input.Cut.Longest];
        var messages = 0;
        long bytes = 0;
        for (var i = share.First; i < sent; i += share.Step)
        {
            var length = input.Cut.Message(i).Length;
            input.Read(i, buffer);
            hash.AppendData(buffer, 0, length);
            messages++;
            bytes += length;
        }

        return _expected[(share, sent)] = (messages, bytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
