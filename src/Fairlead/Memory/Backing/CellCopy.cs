using System.Globalization;

namespace Fairlead.Memory.Backing;

/// <summary>The owner of a cell, for errors.</summary>
internal interface ICellOwner
{
    /// <summary>As errors name the cell.</summary>
    string Description { get; }
}

/// <summary>Copies whole values out of a cell, and tries again where the writer was faster.</summary>
internal static class CellCopy
{
    // Each failed attempt means that the writer completed three writes meanwhile. This many in a row mean that this thread hardly runs.
    private const int Attempts = 100_000;
    private const int AttemptsBeforeYielding = 10;

    /// <summary>Copies the newest whole value.</summary>
    /// <param name="words">Of the cell.</param>
    /// <param name="done">As just read from <see cref="CellWords.Done"/>.</param>
    /// <param name="version">The number of the value that was copied.</param>
    /// <param name="owner">Named in errors.</param>
    /// <exception cref="FairleadException">
    /// Corrupt: the words contradict each other. Unavailable: the writer was faster 100,000 times in a row.
    /// </exception>
    public static T Newest<T>(CellWords words, long done, out long version, ICellOwner owner)
        where T : unmanaged
    {
        for (int attempt = 1; ; attempt++)
        {
            if (words.TryRead(done, out T value))
            {
                version = done;
                return value;
            }

            // A write is begun at most one ahead of the last complete one. So more writes must be complete by now.
            long next = words.Done;
            if (next == done)
            {
                throw new FairleadException(
                    ErrorCode.Corrupt,
                    $"{owner.Description} is inconsistent: another program has written there",
                    "Remove it, or find the program that writes there.");
            }

            if (attempt >= Attempts)
            {
                throw new FairleadException(
                    ErrorCode.Unavailable,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{owner.Description} was written {next - done} or more times during each of {Attempts} attempts to read it"),
                    "This thread hardly gets CPU time: give it more, or write less often.");
            }

            if (attempt > AttemptsBeforeYielding)
            {
                Thread.Yield();
            }

            done = next;
        }
    }
}
