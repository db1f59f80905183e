namespace Fairlead;

/// <summary>Finds the name that a user may have meant by a mistyped one.</summary>
internal static class NearestName
{
    /// <summary>Returns the candidate with the fewest edits, or null if none is near enough.</summary>
    public static string? Of(string given, IEnumerable<string> candidates)
    {
        string? best = null;
        var bestDistance = int.MaxValue;
        foreach (var candidate in candidates)
        {
            // A third of the word may be wrong, and at least one letter.
            var allowed = Math.Max(1, Math.Max(given.Length, candidate.Length) / 3);
            if (Math.Abs(given.Length - candidate.Length) > allowed)
            {
                continue;
            }

            var distance = Distance(given, candidate);
            if (distance <= allowed && distance < bestDistance)
            {
                (best, bestDistance) = (candidate, distance);
            }
        }

        return best;
    }

    // Insertions, deletions, substitutions and swaps of neighbours count one each; three rows are enough for that.
    private static int Distance(string a, string b)
    {
        var beforePrevious = new int[b.Length + 1];
        var previous = new int[b.Length + 1];
        var current = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            previous[j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var same = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]);
                current[j] = Math.Min(Math.Min(previous[j], current[j - 1]) + 1, previous[j - 1] + (same ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    current[j] = Math.Min(current[j], beforePrevious[j - 2] + 1);
                }
            }

            (beforePrevious, previous, current) = (previous, current, beforePrevious);
        }

        return previous[b.Length];
    }
}
