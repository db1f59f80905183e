namespace Fairlead.Cli.Tour;

/// <summary>An interaction of several roles, each in a separate process: a row of the tour on each ground that supports it.</summary>
internal abstract class Scenario
{
    /// <summary>Its name for programs: <c>message</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Its name for people.</summary>
    public abstract string Title { get; }

    /// <summary>How many roles join the first one.</summary>
    public virtual int Joiners => 1;

    /// <summary>Whether the first role reports that it has sent everything.</summary>
    public virtual bool BinderSends => false;

    /// <summary>Whether the joining roles report that.</summary>
    public virtual bool JoinersSend => false;

    /// <summary>Plays role <paramref name="seat"/> at a place, from being ready to having closed. Role 0 comes first.</summary>
    public abstract Task PlayAsync(Stage stage, string place, int seat);

    /// <summary>Returns the name of a role for messages.</summary>
    public abstract string RoleOf(int seat);
}
