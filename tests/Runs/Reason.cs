namespace Fairlead.Runs;

/// <summary>Why tests are in the full run only, with the tests of the default run that show the same.</summary>
internal static class Reason
{
    /// <summary>A contract on one more transport that has the same session protocol.</summary>
    public const string SameSession = "the same contract runs over unix, shm and tcp in the default run, with the same session protocol";

    /// <summary>A contract on a transport that differs by its names.</summary>
    public const string OtherName = "only the name differs from unix://name, which has every contract in the default run";

    /// <summary>A contract of a lock that lies elsewhere.</summary>
    public const string OtherPlace = "the same lock by name has every contract in the default run";

    /// <summary>Memory, processor time or durations are measured.</summary>
    public const string Measures = "it measures memory, processor time or a duration, which a busy machine changes";

    /// <summary>One race or one size again and again.</summary>
    public const string Repeats =
        "it repeats for seconds, at large sizes or with many processes, what shorter tests of the same class or folder do once";

    /// <summary>A time-out of the product has to pass.</summary>
    public const string Waits =
        "it waits for a real time-out of seconds; the default run has the same outcome by a moved clock or a short time-out";

    /// <summary>A play of the fault tests.</summary>
    public const string OtherPlay = "the plays of messages and of requests are in the default run";

    /// <summary>The tour.</summary>
    public const string Tour = "the tour repeats what the contracts show; one row of it is in the default run";

    /// <summary>Variants of a verb of the tool.</summary>
    public const string Variants =
        "it starts many processes for variants of a verb that other tests of the tool, the cookbook or the shell sessions run once";

    /// <summary>A broker is needed.</summary>
    public const string Broker = "it needs a broker; the default run passes one message through one if it is installed";

    /// <summary>The samples, the packages and programs that are compiled.</summary>
    public const string Compiles = "it compiles whole programs, which the full run does";
}
