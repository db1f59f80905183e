namespace Fairlead.Bench.Contenders;

/// <summary>How a program receives its messages.</summary>
internal enum Reading
{
    /// <summary><c>Receive</c>.</summary>
    Blocking,

    /// <summary><c>await ReceiveAsync</c>.</summary>
    Awaited,

    /// <summary><c>await foreach</c> over <c>ReceiveAllAsync</c>.</summary>
    Loop,

    /// <summary><c>Receive</c>, and the value that the message holds.</summary>
    Values,
}

/// <summary>Their names.</summary>
internal static class ReadingNames
{
    public static string Text(this Reading reading) => reading switch
    {
        Reading.Awaited => "ReceiveAsync",
        Reading.Loop => "ReceiveAllAsync",
        Reading.Values => "Receive, values",
        _ => "Receive",
    };
}
