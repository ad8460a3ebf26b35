"""Human motion to robot motion, solved over whole clips; knows neither ROS nor PyTorch."""
