using Fairlead.Bench.Contenders;

namespace Fairlead.Bench.Scenarios;

/// <summary>An experiment, the same for all contenders: the message, its size, the pauses, and where the clock starts and stops.</summary>
internal abstract class Scenario(string name, int messageSize)
{
    public string Name { get; } = name;

    public int MessageSize { get; } = messageSize;

    /// <summary>The experiment in a sentence, for the reader of the table.</summary>
    public abstract string Measures { get; }

    /// <summary>Whether the figure is a time of each operation, of which less is better, or a rate.</summary>
    public abstract bool IsTime { get; }

    /// <summary>How many rounds to discard: more if many processes compile their loops on the same few CPUs.</summary>
    public int WarmUpRounds { get; init; } = 3;

    /// <summary>Whether to report what the server's process allocates.</summary>
    public bool CountsServer { get; init; }

    /// <summary>The contenders; the first is the baseline.</summary>
    public abstract IReadOnlyList<Contender> Contenders { get; }

    /// <summary>Connects this contender and runs a round at each call of the result. Used in the client's process.</summary>
    public abstract RoundRunner Connect(Contender contender, Session session);
}

/// <summary>A connected client that measures a round of the given length; disposing it leaves the server, which then ends.</summary>
internal sealed class RoundRunner(IDisposable[] client, Func<TimeSpan, Round> measure) : IDisposable
{
    public RoundRunner(IDisposable client, Func<TimeSpan, Round> measure)
        : this([client], measure)
    {
    }

    public Round Measure(TimeSpan length) => measure(length);

    public void Dispose() => Array.ForEach(client, static part => part.Dispose());
}
