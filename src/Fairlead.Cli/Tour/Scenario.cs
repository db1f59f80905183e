namespace Fairlead.Cli.Tour;

/// <summary>
/// What several roles, each in a process of its own, do with each other: a row of the tour on each ground where it can be played.
/// </summary>
internal abstract class Scenario
{
    /// <summary>Its name for programs: <c>message</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Its name for people.</summary>
    public abstract string Title { get; }

    /// <summary>How many join the first.</summary>
    public virtual int Joiners => 1;

    /// <summary>Whether the first role says when it has sent everything.</summary>
    public virtual bool BinderSends => false;

    /// <summary>Whether those that join it say it.</summary>
    public virtual bool JoinersSend => false;

    /// <summary>Plays role <paramref name="seat"/> at the place, from being ready to having closed. Role 0 comes first.</summary>
    public abstract Task PlayAsync(Stage stage, string place, int seat);

    /// <summary>What a role is called where it is missed.</summary>
    public abstract string RoleOf(int seat);
}
