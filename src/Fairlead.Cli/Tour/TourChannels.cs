using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Processes;

namespace Fairlead.Cli.Tour;

/// <summary>
/// Pipes for the first two workers, given at their start: two for each talk over <c>fd://</c>, under the same numbers in both, since such
/// an address opens only once.
/// </summary>
internal sealed class TourChannels : IDisposable
{
    /// <summary>A rehearsal and a performance for each scenario.</summary>
    private static readonly int Talks = 2 * Scenarios.Talks.Count;

    // Lower numbers belong to the standard streams, or to other uses by custom.
    private const int FirstNumber = 10;

    private readonly AnonymousPipe[] _there = [.. Enumerable.Range(0, Talks).Select(static _ => AnonymousPipe.Create())];
    private readonly AnonymousPipe[] _back = [.. Enumerable.Range(0, Talks).Select(static _ => AnonymousPipe.Create())];
    private int _next;

    /// <summary>Returns the ends for the worker with an index.</summary>
    public IReadOnlyDictionary<int, SafeHandle> EndsOf(int worker)
    {
        Dictionary<int, SafeHandle> ends = [];
        for (var i = 0; worker < 2 && i < Talks; i++)
        {
            ends[FirstNumber + (2 * i)] = (worker == 0 ? _back : _there)[i].Reader;
            ends[FirstNumber + (2 * i) + 1] = (worker == 0 ? _there : _back)[i].Writer;
        }

        return ends;
    }

    /// <summary>Returns the address of the next talk, in either worker.</summary>
    public Address Next()
    {
        var number = FirstNumber + (2 * _next++);
        return Address.Parse(string.Create(CultureInfo.InvariantCulture, $"fd://{number},{number + 1}"));
    }

    /// <summary>Closes the ends here, when both workers have theirs: each must notice that the other closes.</summary>
    public void Dispose()
    {
        foreach (var pipe in _there.Concat(_back))
        {
            pipe.Dispose();
        }
    }
}
