namespace Fairlead.Processes;

/// <summary>When a supervisor restarts a child that has ended.</summary>
public enum RestartPolicy
{
    /// <summary>Whenever it ends.</summary>
    Always,

    /// <summary>If it was killed, or exited with another code than 0.</summary>
    OnFailure,

    /// <summary>Never: it runs once.</summary>
    Never,
}
