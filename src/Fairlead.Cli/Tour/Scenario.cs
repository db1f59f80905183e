namespace Fairlead.Cli.Tour;

/// <summary>One communication type or model, played by one role that binds and some that connect, each in a process of its own.</summary>
internal abstract class Scenario
{
    /// <summary>Its name for programs: <c>message</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Its name for people.</summary>
    public abstract string Title { get; }

    /// <summary>How many connect.</summary>
    public virtual int Joiners => 1;

    /// <summary>Whether nothing comes back, not even a receipt.</summary>
    public virtual bool IsOneWay => false;

    /// <summary>Whether the role that binds says when it has sent everything.</summary>
    public virtual bool BinderSends => false;

    /// <summary>Whether those that connect say it.</summary>
    public virtual bool JoinersSend => false;

    /// <summary>Binds at the address, plays, closes.</summary>
    public abstract Task BindAsync(Stage stage, Address address);

    /// <summary>Connects to the address as number <paramref name="seat"/> (from 1 on), plays, closes.</summary>
    public abstract Task JoinAsync(Stage stage, Address address, int seat);
}
